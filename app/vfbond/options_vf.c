/* SPDX-License-Identifier: BSD-3-Clause */
/* See options_vf.h. Used by options.c and main.c. */
#include "options_vf.h"

#include "netconf.h"
#include "options.h"
#include "reason.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NETCONF_MAX_BYTES = 1 << 20 };

static struct options_vf *
next_vf(struct options *o, const char *option, const char *value, struct reason *why)
{
	struct options_vf *vf = &o->vfs[o->nb_vfs];

	if (o->nb_vfs == OPTIONS_MAX_VFS) {
		(void)reason_set(why, -EINVAL, "%s: more than %d VFs", option, OPTIONS_MAX_VFS);
		return NULL;
	}
	*vf = (struct options_vf){0};
	snprintf(vf->from, sizeof(vf->from), "%s %.80s", option, value);
	return vf;
}

int
options_vf_add(struct options *o, const char *selector, struct reason *why)
{
	struct options_vf *vf = next_vf(o, "--vf", selector, why);

	if (vf == NULL)
		return -EINVAL;
	vf->words = selector;
	o->nb_vfs++;
	return 0;
}

/* The whole file, in an allocation. */
static int
read_file(const char *path, char **ret, size_t *ret_len, struct reason *why)
{
	char *buf = malloc(NETCONF_MAX_BYTES + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc = 0;
	size_t len = 0;
	ssize_t n = 1;

	if (fd < 0 || buf == NULL)
		rc = fd < 0 ? -errno : -ENOMEM;
	while (rc == 0 && n > 0 && len <= NETCONF_MAX_BYTES) {
		n = read(fd, buf + len, NETCONF_MAX_BYTES + 1 - len);
		if (n < 0 && errno != EINTR)
			rc = -errno;
		len += n > 0 ? (size_t)n : 0;
	}
	if (rc == 0 && len > NETCONF_MAX_BYTES)
		rc = -EFBIG;
	if (fd >= 0)
		close(fd);
	if (rc != 0) {
		free(buf);
		return reason_set(why, rc, "--netconf %s: %s", path, strerror(-rc));
	}
	*ret = buf;
	*ret_len = len;
	return 0;
}

static int
add_netconf_vf(
	struct options *o, const char *path, const struct netconf_vf *want, struct reason *why
)
{
	struct options_vf *vf;

	if (!want->has_addr)
		return reason_set(why, -EINVAL, "--netconf %s: no deviceID", path);
	vf = next_vf(o, "--netconf", path, why);
	if (vf == NULL)
		return -EINVAL;
	(void)pci_addr_text(&want->addr, vf->addr);
	vf->settings = want->settings;
	o->nb_vfs++;
	return 0;
}

static int
add_netconf_bond(
	struct options *o, const char *path, const struct netconf_bond *want, struct reason *why
)
{
	int rc;

	if (o->nb_bonds == OPTIONS_MAX_BONDS)
		return reason_set(
			why, -EINVAL, "--netconf %s: more than %d bonds", path, OPTIONS_MAX_BONDS
		);
	rc = bond_settings_parse_line(&o->bonds[o->nb_bonds], want->words, why);
	if (rc != 0) {
		reason_prefix(why, path);
		return rc;
	}
	o->bond_mtu_bytes[o->nb_bonds] = want->mtu;
	o->bond_links[o->nb_bonds++] = want->nb_links;
	return 0;
}

int
options_netconf_add(struct options *o, const char *path, struct reason *why)
{
	struct netconf conf;
	char *json = NULL;
	size_t len = 0;
	int rc = read_file(path, &json, &len, why);

	if (rc != 0)
		return rc;
	rc = netconf_parse(json, len, path, &conf, why);
	free(json);
	if (rc != 0)
		return rc;
	return conf.is_bond ? add_netconf_bond(o, path, &conf.bond, why)
	                    : add_netconf_vf(o, path, &conf.vf, why);
}

int
options_netconf_join(struct options *o, unsigned nb_vfs, struct reason *why)
{
	unsigned next = 0;

	for (unsigned i = 0; i < o->nb_bonds; i++) {
		struct bond_settings *s = &o->bonds[i];

		if (o->bond_links[i] == 0)
			continue;
		if (next + o->bond_links[i] > nb_vfs || o->bond_links[i] > BOND_MAX_MEMBERS)
			return reason_set(
				why,
				-EINVAL,
				"%s has %u links in its --netconf, but only %u VFs are left of "
				"those that --vf and --netconf claim",
				s->name,
				o->bond_links[i],
				nb_vfs > next ? nb_vfs - next : 0
			);
		for (unsigned k = 0; k < o->bond_links[i]; k++)
			snprintf(s->members[k], sizeof(s->members[k]), "vf%u", (next + k) % 100000);
		s->nb_members = (uint16_t)o->bond_links[i];
		next += o->bond_links[i];
	}
	return 0;
}
