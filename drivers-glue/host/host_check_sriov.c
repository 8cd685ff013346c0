/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PFs and whether they have VFs, and what this process may change of them. Looks of host_check.h.
 */
#include "host_check_priv.h"

#include <inttypes.h>
#include <linux/capability.h>
#include <mntent.h>
#include <net/if.h>
#include <string.h>

static void
judge_pf(struct host_checker *c, const struct check_pf *pf)
{
	char name[CHECK_PF_BYTES];
	struct host_finding *f;
	int64_t flags;

	check_pf_text(pf, name);
	if (pf->driver[0] == '\0') {
		check_remedy(
			check_add(c, "sriov", HOST_WARNING, "%s has no driver to make VFs", name),
			"echo %s > /sys/bus/pci/drivers_probe",
			pf->addr
		);
		return;
	}
	f = check_add(
		c,
		"sriov",
		pf->num_vfs > 0 ? HOST_OK : HOST_NOTE,
		"%s, %s: %u of %" PRIi64 " VFs",
		name,
		pf->driver,
		pf->num_vfs,
		pf->total_vfs
	);
	if (pf->num_vfs == 0)
		check_remedy(f, "vfctl create %s %" PRIi64, pf->addr, pf->total_vfs);
	if (pf->netdev[0] == '\0' ||
	    hostfs_read_i64(c->fs, &flags, "/sys/class/net/%s/flags", pf->netdev) != 0 ||
	    (flags & IFF_UP) != 0)
		return;
	check_remedy(
		check_add(
			c,
			"sriov",
			HOST_WARNING,
			"%s is down, and so are the links of its VFs",
			name
		),
		"ip link set %s up",
		pf->netdev
	);
}

void
check_sriov(struct host_checker *c)
{
	if (c->nb_pfs == 0)
		check_remedy(
			check_add(c, "sriov", HOST_WARNING, "no device with SR-IOV is to be seen"),
			"switch SR-IOV on in the firmware of machine and NIC (inside a virtual "
			"machine VFs are ordinary devices)"
		);
	for (size_t i = 0; i < c->nb_pfs; i++)
		judge_pf(c, &c->pfs[i]);
}

static bool
sysfs_is_read_only(const struct host_checker *c)
{
	FILE *file = check_open(c, "/proc/self/mounts");
	bool read_only = false;
	char strings[4096];
	struct mntent m;

	if (file == NULL)
		return false;
	/* The last one covers those before it. */
	while (getmntent_r(file, &m, strings, sizeof(strings)) != NULL)
		if (strcmp(m.mnt_type, "sysfs") == 0 && strcmp(m.mnt_dir, "/sys") == 0)
			read_only = hasmntopt(&m, "ro") != NULL;
	fclose(file);
	return read_only;
}

void
check_capabilities(struct host_checker *c)
{
	static const struct {
		unsigned number;
		const char *name, *use;
	} wanted[] = {
		{CAP_SYS_ADMIN, "SYS_ADMIN", "to read the whole configuration space"},
		{CAP_NET_ADMIN, "NET_ADMIN", "to set a VF's MAC, VLAN and the like"},
		{CAP_IPC_LOCK, "IPC_LOCK", "to lock memory beyond the limit"},
	};
	char missing[200] = "", names[64] = "";
	size_t len = 0, names_len = 0;

	if (sysfs_is_read_only(c))
		check_remedy(
			check_add(
				c,
				"capabilities",
				HOST_NOTE,
				"/sys is read-only here, as in a container: VFs that are ready are "
				"taken as they are, nothing is made, bound or set"
			),
			"prepare VFs on the host, or run this container privileged"
		);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		if (check_capable(c, wanted[i].number))
			continue;
		len += (size_t)snprintf(
			missing + len,
			sizeof(missing) - len,
			"%sCAP_%s %s",
			len > 0 ? ", " : "",
			wanted[i].name,
			wanted[i].use
		);
		names_len += (size_t)snprintf(
			names + names_len,
			sizeof(names) - names_len,
			"%s%s",
			names_len > 0 ? ", " : "",
			wanted[i].name
		);
	}
	if (len == 0)
		check_add(c, "capabilities", HOST_OK, "SYS_ADMIN, NET_ADMIN, IPC_LOCK");
	else
		check_remedy(
			check_add(c, "capabilities", HOST_NOTE, "missing: %s", missing),
			"run as root, or give the container %s",
			names
		);
}
