/* SPDX-License-Identifier: BSD-3-Clause */
/* See vf.h: the claims themselves. What bonds need of them is in vf_bond.c. */
#include "vf.h"

#include "parse.h"
#include "pci_bus.h"
#include "port.h"
#include "reason.h"
#include "selector.h"
#include "sriov_host.h"
#include "text.h"
#include "vf_priv.h"
#include "vf_rtnl.h"

#include <rte_ethdev.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

int
vfs_new(struct vfs **ret, const char *state_dir, struct reason *why)
{
	struct vfs *v = calloc(1, sizeof(*v));
	int rc;

	if (v == NULL)
		return reason_set(why, -ENOMEM, "out of memory");
	rc = vf_rtnl_new(&v->rtnl, why);
	if (rc != 0) {
		free(v);
		return rc;
	}
	sriov_host_init(&v->host, v->rtnl, state_dir != NULL ? state_dir : SRIOV_STATE_DIR);
	*ret = v;
	return 0;
}

/* What stands beside the selector in the words of --vf. */
struct how_many {
	uint32_t count; /* 0: all when the selector names each, else one */
	bool distinct_pf;
};

/* Take count= and distinct-pf= out of @words; the rest goes to @ret. */
static int
take_how_many(const char *words, struct text *ret, struct how_many *how, struct reason *why)
{
	while (*words != '\0') {
		size_t len = strcspn(words, " \t");
		char word[64];

		snprintf(word, sizeof(word), "%.*s", (int)len, words);
		if (strncmp(word, "count=", 6) == 0) {
			if (parse_u32(word + 6, 1, VFS_MAX, &how->count) != 0)
				return reason_set(
					why, -EINVAL, "%s: no number in 1..%d", word, VFS_MAX
				);
		} else if (strncmp(word, "distinct-pf=", 12) == 0) {
			if (parse_on_off(word + 12, &how->distinct_pf) != 0)
				return reason_set(why, -EINVAL, "%s: neither on nor off", word);
		} else {
			text_add(ret, words, len);
			text_puts(ret, " ");
		}
		words += len;
		words += strspn(words, " \t");
	}
	return ret->no_mem ? reason_set(why, -ENOMEM, "out of memory") : 0;
}

static void
note_vf(struct vf_batch *batch,
        const struct pci_bus *bus,
        const struct claim_result *r,
        const struct vf_settings *settings)
{
	struct vf *vf = &batch->vf[batch->count++];
	const struct pci_device *pf = r->pf_known ? pci_bus_find(bus, &r->pf) : NULL;

	*vf = (struct vf){.claim = *r, .mac_asked = settings->has_mac, .settings = *settings};
	(void)pci_addr_text(&r->addr, vf->pci);
	if (pf != NULL) {
		snprintf(vf->pf_netdev, sizeof(vf->pf_netdev), "%s", pf->netdev);
		snprintf(vf->pf_driver, sizeof(vf->pf_driver), "%s", pf->driver);
	}
}

/* What is wanted, and how. */
struct wanted {
	struct selector *selector;
	struct claim_request request;
	struct how_many how;
	unsigned max;
};

static int
claim_matches(
	const struct sriov_host *h,
	const struct pci_bus *bus,
	const struct wanted *w,
	struct vf_batch *ret,
	struct text *notes,
	struct reason *why
)
{
	struct claim_result results[VFS_MAX];
	const struct pci_device **found;
	size_t n, nb_results = 0;
	int rc = selector_match(w->selector, h, bus, &found, &n, why);

	if (rc != 0)
		return rc;
	if ((w->how.count != 0 ? w->how.count : n) > w->max)
		rc = reason_set(
			why, -E2BIG, "%zu VFs match, but only %u more fit: give count=N", n, w->max
		);
	if (rc == 0)
		rc = claim_vfs(
			h,
			found,
			n,
			w->how.count,
			w->how.distinct_pf,
			&w->request,
			results,
			&nb_results,
			notes,
			why
		);
	free(found);
	if (rc != 0)
		return rc;
	ret->count = 0;
	for (size_t i = 0; i < nb_results; i++)
		note_vf(ret, bus, &results[i], &w->request.settings);
	return 0;
}

int
vf_claim_batch(
	const char *state_dir,
	const char *words,
	const struct vf_settings *more,
	unsigned max,
	struct vf_batch *ret,
	struct text *notes,
	struct reason *why
)
{
	struct wanted w = {.request = {.owner_pid = getpid(), .may_adopt = true}, .max = max};
	struct text rest = TEXT_EMPTY;
	struct pci_bus *bus = NULL;
	struct vf_rtnl *rtnl = NULL;
	struct sriov_host h;
	int rc = take_how_many(words, &rest, &w.how, why);

	if (more != NULL)
		w.request.settings = *more;
	if (rc == 0)
		rc = selector_parse(
			&w.selector, &w.request.settings, text_str(&rest), environ, why
		);
	if (rc == 0 && w.how.count == 0 && !selector_is_exact(w.selector))
		w.how.count = 1;
	if (rc == 0)
		rc = vf_settings_check(&w.request.settings, NULL, why);
	if (rc == 0)
		rc = vf_rtnl_new(&rtnl, why);
	if (rc == 0) {
		sriov_host_init(&h, rtnl, state_dir);
		rc = pci_bus_scan(&bus, &h.fs, why);
	}
	if (rc == 0)
		rc = claim_matches(&h, bus, &w, ret, notes, why);
	pci_bus_free(bus);
	vf_rtnl_free(rtnl);
	selector_free(w.selector);
	text_fini(&rest);
	return rc;
}

void
vfs_take(struct vfs *v, const struct vf_batch *batch, unsigned *ret_first)
{
	*ret_first = v->count;
	for (unsigned i = 0; i < batch->count && v->count < VFS_MAX; i++) {
		struct vf *vf = &v->vf[v->count++];

		*vf = batch->vf[i];
		snprintf(vf->name, sizeof(vf->name), "vf%u", v->next_number++ % 100000);
	}
}

const char *
vfs_state_dir(const struct vfs *v)
{
	return v->host.state_dir;
}

unsigned
vfs_count(const struct vfs *v)
{
	return v->count;
}

const struct vf *
vfs_at(const struct vfs *v, unsigned i)
{
	return &v->vf[i];
}

const struct vf *
vfs_find(const struct vfs *v, const char *word)
{
	struct pci_addr addr;
	bool is_addr = pci_addr_parse(word, &addr) == 0;

	for (unsigned i = 0; i < v->count; i++)
		if (is_addr ? pci_addr_cmp(&v->vf[i].claim.addr, &addr) == 0
		            : strcmp(v->vf[i].name, word) == 0)
			return &v->vf[i];
	return NULL;
}

const struct vf *
vfs_find_port(const struct vfs *v, uint16_t port_id)
{
	for (unsigned i = 0; i < v->count; i++)
		if (v->vf[i].has_port && v->vf[i].port_id == port_id)
			return &v->vf[i];
	return NULL;
}

size_t
vfs_addresses(const struct vfs *v, struct pci_addr ret[static VFS_MAX])
{
	for (unsigned i = 0; i < v->count; i++)
		ret[i] = v->vf[i].claim.addr;
	return v->count;
}

/* The PF set an address and the device has another: frames to it are lost. */
static void
check_mac(const struct vf *vf, struct text *notes)
{
	const struct vf_state *state = &vf->claim.state;
	struct rte_ether_addr mac, want;
	char has[RTE_ETHER_ADDR_FMT_SIZE], wanted[RTE_ETHER_ADDR_FMT_SIZE];

	if (!vf->claim.has_state || rte_eth_macaddr_get(vf->port_id, &mac) != 0)
		return;
	memcpy(want.addr_bytes, state->mac, sizeof(want.addr_bytes));
	if (rte_is_zero_ether_addr(&want) || rte_is_same_ether_addr(&mac, &want))
		return;
	rte_ether_format_addr(has, sizeof(has), &mac);
	rte_ether_format_addr(wanted, sizeof(wanted), &want);
	text_printf(
		notes,
		"%s (%s): its PF gave it the address %s, but the device says %s: the PF may have "
		"been down or reset; frames to one of them will be lost\n",
		vf->name,
		vf->pci,
		wanted,
		has
	);
}

int
vfs_find_ports(struct vfs *v, struct ports *ports, struct text *notes, struct reason *why)
{
	for (unsigned i = 0; i < v->count; i++) {
		struct vf *vf = &v->vf[i];
		int rc;

		if (vf->has_port)
			continue;
		if (ports_find(ports, vf->pci, &vf->port_id, NULL) != 0)
			return reason_set(
				why,
				-ENODEV,
				"%s (%s): DPDK has made no port of it: its driver is missing (see "
				"EAL's messages and -d) or failed",
				vf->name,
				vf->pci
			);
		rc = port_alias_set(ports, vf->port_id, vf->name, why);
		if (rc != 0)
			return rc;
		vf->has_port = true;
		check_mac(vf, notes);
	}
	return 0;
}

int
vfs_pf_mac(struct vfs *v, uint16_t port_id, struct rte_ether_addr *ret)
{
	const struct vf *vf = v != NULL ? vfs_find_port(v, port_id) : NULL;
	struct rte_ether_addr mac;
	struct vf_state state;

	if (vf == NULL || vf->pf_netdev[0] == '\0' ||
	    v->host.vf_get(v->host.ctx, vf->pf_netdev, vf->claim.vf_index, &state, NULL) != 0)
		return -ENODATA;
	memcpy(mac.addr_bytes, state.mac, sizeof(mac.addr_bytes));
	if ((state.known & 1u << VF_ATTR_MAC) == 0 || rte_is_zero_ether_addr(&mac))
		return -ENODATA;
	*ret = mac;
	return 0;
}

void
vfs_port_gone(struct vfs *v, uint16_t port_id)
{
	for (unsigned i = 0; v != NULL && i < v->count; i++)
		if (v->vf[i].has_port && v->vf[i].port_id == port_id)
			v->vf[i].has_port = false;
}

void
vfs_drop(struct vfs *v, const struct vf *vf)
{
	unsigned i = (unsigned)(vf - v->vf);

	memmove(&v->vf[i], &v->vf[i + 1], (v->count - i - 1) * sizeof(*vf));
	v->count--;
}

int
vf_give_back(const char *state_dir, const struct vf *vf, struct text *notes, struct reason *why)
{
	struct vf_rtnl *rtnl;
	struct sriov_host h;
	int rc;

	if (vf->claim.adopted)
		return 0;
	rc = vf_rtnl_new(&rtnl, why);
	if (rc != 0)
		return rc;
	sriov_host_init(&h, rtnl, state_dir);
	rc = claim_release(&h, &vf->claim.addr, false, notes, why);
	vf_rtnl_free(rtnl);
	/* `reconcile`, or somebody by force, was there before. */
	return rc == -ENOENT ? 0 : rc;
}

int
vfs_release_all(struct vfs *v, struct text *notes, struct reason *why)
{
	struct reason what;
	int rc = 0;

	while (v->count > 0) {
		const struct vf *vf = &v->vf[v->count - 1];
		int one = vf_give_back(v->host.state_dir, vf, notes, &what);

		vfs_drop(v, vf);
		if (one != 0 && rc == 0)
			rc = reason_set(why, one, "%s", what.text);
	}
	return rc;
}

struct vfs *
vfs_free(struct vfs *v)
{
	if (v == NULL)
		return NULL;
	vf_rtnl_free(v->rtnl);
	free(v);
	return NULL;
}
