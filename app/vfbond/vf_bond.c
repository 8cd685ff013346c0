/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What bonds need of their VFs, judged before EAL starts (see vf.h): --netconf, the advice of
 * lib/sriov, and addresses that are settled in the PFs.
 */
#include "bond_advice.h"
#include "options.h"
#include "reason.h"
#include "text.h"
#include "vf.h"
#include "vf_priv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int
vfs_claim_options(struct vfs *v, const struct options *o, struct text *notes, struct reason *why)
{
	struct vf_batch batch;
	unsigned first;

	for (unsigned i = 0; i < o->nb_vfs; i++) {
		const struct options_vf *want = &o->vfs[i];
		int rc = vf_claim_batch(
			v->host.state_dir,
			want->words != NULL ? want->words : want->addr,
			&want->settings,
			VFS_MAX - v->count,
			&batch,
			notes,
			why
		);

		if (rc != 0) {
			reason_prefix(why, want->from);
			return rc;
		}
		vfs_take(v, &batch, &first);
	}
	return 0;
}

static void
describe(struct vfs *v, const struct vf *vf, struct bond_advice_member *ret)
{
	struct netdev_facts pf;

	*ret = (struct bond_advice_member){.vf = &vf->claim, .mac_asked = vf->mac_asked};
	snprintf(ret->pmd_family, sizeof(ret->pmd_family), "%.15s", vf->pf_driver);
	if (vf->pf_netdev[0] == '\0' || v->host.netdev_read(v->host.ctx, vf->pf_netdev, &pf) != 0)
		return;
	ret->pf_in_bond = pf.master_is_bond;
	snprintf(ret->pf_master, sizeof(ret->pf_master), "%s", pf.master);
	ret->pf_carrier_known = true;
	ret->pf_carrier = pf.admin_up && pf.carrier;
	snprintf(ret->pf_switch_id, sizeof(ret->pf_switch_id), "%s", pf.phys_switch_id);
}

/* One address for all. Adopted ones can't be changed. */
static int
share_mac(
	struct vfs *v,
	const char *bond,
	const struct bond_advice_member *members,
	size_t n,
	struct text *notes,
	struct reason *why
)
{
	const uint8_t *mac = bond_advice_shared_mac(members, n);
	char text[RTE_ETHER_ADDR_FMT_SIZE];
	struct rte_ether_addr shared;

	memcpy(shared.addr_bytes, mac, sizeof(shared.addr_bytes));
	mac = shared.addr_bytes;
	rte_ether_format_addr(text, sizeof(text), &shared);
	for (size_t i = 0; i < n; i++) {
		struct claim_result *claim = NULL;
		int rc;

		for (unsigned k = 0; k < v->count; k++)
			if (&v->vf[k].claim == members[i].vf)
				claim = &v->vf[k].claim;
		if (claim == NULL || memcmp(claim->state.mac, mac, sizeof(claim->state.mac)) == 0)
			continue;
		if (claim->adopted) {
			text_printf(
				notes,
				"%s: its VFs have different addresses in their PFs and are not "
				"trusted, and this program may not change them: frames will be "
				"lost after a failover (trust on, or one address for all)\n",
				bond
			);
			return 0;
		}
		rc = claim_set_mac(&v->host, &claim->addr, mac, notes, why);
		if (rc != 0)
			return rc;
		memcpy(claim->state.mac, mac, sizeof(claim->state.mac));
	}
	text_printf(notes, "%s: all its VFs have the address %s in their PFs now\n", bond, text);
	return 0;
}

/* The members of a bond that are VFs of ours; how many. */
static size_t
members_of(
	struct vfs *v,
	const struct bond_settings *s,
	struct bond_advice_member ret[static BOND_MAX_MEMBERS]
)
{
	size_t n = 0;

	for (uint16_t i = 0; i < s->nb_members; i++) {
		const struct vf *vf = vfs_find(v, s->members[i]);

		if (vf != NULL)
			describe(v, vf, &ret[n++]);
	}
	return n;
}

void
vfs_warn_bond(struct vfs *v, const struct bond_settings *s, struct text *notes)
{
	struct bond_advice_member members[BOND_MAX_MEMBERS];
	size_t n = members_of(v, s, members);
	struct reason why;

	if (n == 0)
		return;
	switch (bond_advice(
		s->name, (uint8_t)s->mode, (uint8_t)s->fail_over_mac, members, n, notes, &why
	)) {
	case ADVICE_MAC_SHARE:
		text_printf(
			notes,
			"%s: its VFs have different addresses in their PFs and are not trusted: "
			"frames will be lost after a failover (release them, and claim them with "
			"trust=on or one mac=)\n",
			s->name
		);
		break;
	case ADVICE_MAC_REFUSE:
		text_printf(notes, "%s\n", why.text);
		break;
	default:
		break;
	}
}

static int
check_bond(struct vfs *v, const struct bond_settings *s, struct text *notes, struct reason *why)
{
	struct bond_advice_member members[BOND_MAX_MEMBERS];
	size_t n = members_of(v, s, members);

	if (n == 0)
		return 0;
	switch (bond_advice(
		s->name, (uint8_t)s->mode, (uint8_t)s->fail_over_mac, members, n, notes, why
	)) {
	case ADVICE_MAC_SHARE:
		return share_mac(v, s->name, members, n, notes, why);
	case ADVICE_MAC_REFUSE:
		return -EINVAL;
	default:
		return 0;
	}
}

int
vfs_check_bonds(struct vfs *v, const struct options *o, struct text *notes, struct reason *why)
{
	for (unsigned i = 0; i < o->nb_bonds; i++) {
		int rc = check_bond(v, &o->bonds[i], notes, why);

		if (rc != 0)
			return rc;
	}
	return 0;
}
