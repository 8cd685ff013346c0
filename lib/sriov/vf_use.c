/* SPDX-License-Identifier: BSD-3-Clause */
/* See vf_use.h. */
#include "vf_use.h"

#include "reason.h"
#include "sriov_host.h"
#include "vfio.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PCI_CLASS_NETWORK = 0x02 };

bool
vf_driver_is_vfio(const char *driver)
{
	/* Beside vfio-pci there are its variants for one device: mlx5_vfio_pci, ... */
	return strstr(driver, "vfio") != NULL;
}

bool
vf_driver_is_userspace(const char *driver)
{
	static const char *const others[] = {"igb_uio", "uio_pci_generic", "pci-stub"};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(driver, others[i]) == 0)
			return true;
	return vf_driver_is_vfio(driver);
}

int
vf_use_claimed(const struct sriov_host *h, const struct pci_addr *vf, struct reason *why)
{
	char name[PCI_ADDR_BYTES], since[32] = "?";
	struct claim_record r;
	struct tm tm;
	time_t at;
	int rc;

	pci_addr_text(vf, name);
	rc = journal_read(h, vf, &r, why);
	if (rc == -ENOENT)
		return 0;
	if (rc != 0)
		return rc;
	at = (time_t)r.since_s;
	if (gmtime_r(&at, &tm) != NULL)
		strftime(since, sizeof(since), "%Y-%m-%d %H:%M:%S UTC", &tm);
	if (!claim_owner_alive(h, &r.owner))
		return reason_set(
			why,
			-EBUSY,
			"%s is claimed since %s by process %d (%s), which is gone: vfctl reconcile",
			name,
			since,
			(int)r.owner.pid,
			r.owner.command
		);
	if (r.owner.pid == 0)
		return reason_set(
			why,
			-EBUSY,
			"%s is claimed since %s until it is released: vfctl release %s",
			name,
			since,
			name
		);
	return reason_set(
		why,
		-EBUSY,
		"%s is claimed since %s by process %d (%s)",
		name,
		since,
		(int)r.owner.pid,
		r.owner.command
	);
}

/* A process that has the node @path of @vf open. */
static int
node_held(const struct sriov_host *h, const char *vf, const char *path, struct reason *why)
{
	struct file_holder holder;

	if (file_holders(&h->fs, path, &holder, 1) <= 0)
		return 0;
	return reason_set(
		why,
		-EBUSY,
		"%s: process %d (%s) has %s open",
		vf,
		(int)holder.pid,
		holder.command,
		path
	);
}

/* Nodes that the device has for itself: the folder in sysfs that names them, and where they are. */
static int
own_nodes_held(const struct sriov_host *h, const char *vf, struct reason *why)
{
	static const struct {
		const char *folder, *dev;
	} kinds[] = {{"vfio-dev", "/dev/vfio/devices"}, {"uio", "/dev"}};
	char path[64], *names;
	size_t n;
	int rc = 0;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && rc == 0; i++) {
		if (hostfs_list(
			    &h->fs, &names, &n, "/sys/bus/pci/devices/%s/%s", vf, kinds[i].folder
		    ) != 0)
			continue;
		if (n > 0 &&
		    snprintf(path, sizeof(path), "%s/%s", kinds[i].dev, names) <
		            (int)sizeof(path) &&
		    hostfs_exists(&h->fs, "%s", path))
			rc = node_held(h, vf, path, why);
		free(names);
	}
	return rc;
}

int
vf_use_open(const struct sriov_host *h, const struct pci_addr *vf, struct reason *why)
{
	char name[PCI_ADDR_BYTES];
	char driver[32];
	struct vfio_node node;
	struct reason busy;
	int rc;

	pci_addr_text(vf, name);
	rc = own_nodes_held(h, name, why);
	if (rc != 0 || vfio_node_find(&h->fs, vf, &node) != 0 ||
	    driver_read(&h->fs, vf, driver) != 0)
		return rc;
	/* Without a node and without vfio there is nothing to be open; looking costs all of /proc.
	 */
	if (!vf_driver_is_vfio(driver) && !hostfs_exists(&h->fs, "%s", node.path))
		return 0;
	rc = vfio_node_try(&h->fs, &node, NULL, &busy);
	if (rc == -EBUSY)
		return reason_set(why, rc, "%s: %s", name, busy.text);
	return rc == 0 ? 0 : node_held(h, name, node.path, why);
}

/* Why a netdev of this namespace may not go away, and the command that lets it; NULL: it may. */
static const char *
netdev_duty(const struct netdev_facts *n, const char **ret_remedy)
{
	*ret_remedy = "down";
	if (n->master[0] != '\0') {
		*ret_remedy = "nomaster";
		return "belongs to a bond, bridge or team";
	}
	if (!n->admin_up)
		return NULL;
	if (n->default_route)
		return "is up and carries the default route";
	return n->has_address ? "is up and has IP addresses" : NULL;
}

int
vf_use_netdev(const struct sriov_host *h, const struct pci_device *vf, struct reason *why)
{
	char name[PCI_ADDR_BYTES];
	struct netdev_facts facts;
	const char *duty, *remedy;

	pci_addr_text(&vf->addr, name);
	if (vf->netdev[0] != '\0') {
		if (h->netdev_read(h->ctx, vf->netdev, &facts) != 0)
			return 0;
		duty = netdev_duty(&facts, &remedy);
		if (duty == NULL)
			return 0;
		return reason_set(
			why,
			-EBUSY,
			"%s: its network device %s %s (first: ip link set %s %s)",
			name,
			vf->netdev,
			duty,
			vf->netdev,
			remedy
		);
	}
	if (vf->class_code >> 16 != PCI_CLASS_NETWORK || vf->driver[0] == '\0' ||
	    vf_driver_is_userspace(vf->driver))
		return 0;
	return reason_set(
		why,
		-EBUSY,
		"%s: %s has it, but its network device is not here: it is in another network "
		"namespace (a container?)",
		name,
		vf->driver
	);
}

enum vf_use
vf_in_use(const struct sriov_host *h, const struct pci_device *vf, struct reason *ret_who)
{
	if (vf_use_claimed(h, &vf->addr, ret_who) != 0)
		return VF_CLAIMED;
	if (vf_use_open(h, &vf->addr, ret_who) != 0)
		return VF_OPEN;
	if (vf_use_netdev(h, vf, ret_who) != 0)
		return vf->netdev[0] != '\0' ? VF_NETDEV_BUSY : VF_NETDEV_ELSEWHERE;
	return VF_FREE;
}
