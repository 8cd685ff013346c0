/* SPDX-License-Identifier: BSD-3-Clause */
/* By sysfs and the ioctls of netdevice(7). See netdev.h. */
#include "netdev.h"

#include "netdev_route.h"
#include "parse.h"
#include "printable.h"
#include "reason.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define NET "/sys/class/net/"

static bool
is_machine(const struct hostfs *fs)
{
	return fs->root == NULL || fs->root[0] == '\0';
}

/* What can be the name of a netdev, and of no other file. */
static bool
is_name(const char *name)
{
	return name[0] != '\0' && strlen(name) < IFNAMSIZ && strchr(name, '/') == NULL &&
	       strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

/* Any socket takes the ioctls of devices; this kind is there without IP as well. */
static int
open_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	return fd;
}

static int
ask(int fd, unsigned long request, const char *name, struct ifreq *ret)
{
	memset(ret, 0, sizeof(*ret));
	strcpy(ret->ifr_name, name);
	return ioctl(fd, request, ret) != 0 ? -errno : 0;
}

static void
ask_driver(int fd, struct netdev_facts *f)
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
	struct ifreq r = {0};

	strcpy(r.ifr_name, f->name);
	r.ifr_data = (void *)&info;
	if (ioctl(fd, SIOCETHTOOL, &r) != 0)
		return;
	printable_copy(f->driver, sizeof(f->driver), info.driver);
	printable_copy(f->driver_version, sizeof(f->driver_version), info.version);
	printable_copy(f->firmware, sizeof(f->firmware), info.fw_version);
	printable_copy(f->bus_info, sizeof(f->bus_info), info.bus_info);
}

/* The carrier itself; IFF_RUNNING follows it later, and stays when the device cannot tell. */
static void
ask_carrier(int fd, struct netdev_facts *f)
{
	struct ethtool_value link = {.cmd = ETHTOOL_GLINK};
	struct ifreq r = {0};

	strcpy(r.ifr_name, f->name);
	r.ifr_data = (void *)&link;
	if (ioctl(fd, SIOCETHTOOL, &r) == 0)
		f->carrier = link.data != 0;
}

/* The facts that the kernel gives by name in the namespace of this thread, whatever /sys shows. */
static int
ask_kernel(struct netdev_facts *f)
{
	int fd = open_socket(), rc;
	struct ifreq r;

	if (fd < 0)
		return fd;
	rc = ask(fd, SIOCGIFINDEX, f->name, &r);
	f->if_index = (uint32_t)r.ifr_ifindex;
	if (rc == 0)
		rc = ask(fd, SIOCGIFFLAGS, f->name, &r);
	f->admin_up = (r.ifr_flags & IFF_UP) != 0;
	f->carrier = (r.ifr_flags & IFF_RUNNING) != 0;
	if (rc == 0)
		rc = ask(fd, SIOCGIFHWADDR, f->name, &r);
	memcpy(f->mac, r.ifr_hwaddr.sa_data, sizeof(f->mac));
	if (rc == 0)
		rc = ask(fd, SIOCGIFMTU, f->name, &r);
	f->mtu = (uint32_t)r.ifr_mtu;
	if (rc == 0) {
		ask_driver(fd, f);
		ask_carrier(fd, f);
	}
	close(fd);
	return rc;
}

/* Of the label "eth0:1" the device is eth0. */
static bool
is_of_device(const struct ifaddrs *a, const char *name)
{
	size_t len = strcspn(a->ifa_name, ":");

	return len == strlen(name) && strncmp(a->ifa_name, name, len) == 0;
}

static bool
has_address(const char *name)
{
	struct ifaddrs *all;
	bool found = false;

	if (getifaddrs(&all) != 0)
		return false;
	for (const struct ifaddrs *a = all; a != NULL && !found; a = a->ifa_next) {
		const void *address = a->ifa_addr;
		const struct sockaddr_in6 *v6 = address;

		if (address == NULL || !is_of_device(a, name))
			continue;
		found = a->ifa_addr->sa_family == AF_INET ||
		        (a->ifa_addr->sa_family == AF_INET6 &&
		         !IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr));
	}
	freeifaddrs(all);
	return found;
}

static int64_t
read_number(const struct hostfs *fs, const char *name, const char *file, int64_t fallback)
{
	int64_t v = fallback;

	(void)hostfs_read_i64(fs, &v, NET "%s/%s", name, file);
	return v;
}

static void
read_text(const struct hostfs *fs, const char *name, const char *file, char *buf, size_t size)
{
	char line[HOSTFS_NAME_BYTES];

	if (hostfs_read(fs, line, sizeof(line), NET "%s/%s", name, file) == 0)
		printable_copy(buf, size, line);
}

static uint32_t
in_range(int64_t v)
{
	return v >= 0 && v <= INT32_MAX ? (uint32_t)v : 0;
}

/* What only ioctl tells on the machine, from the files of a tree. */
static void
read_tree(const struct hostfs *fs, struct netdev_facts *f)
{
	char address[HOSTFS_NAME_BYTES] = "";

	f->if_index = in_range(read_number(fs, f->name, "ifindex", 0));
	f->admin_up = (read_number(fs, f->name, "flags", 0) & IFF_UP) != 0;
	f->mtu = in_range(read_number(fs, f->name, "mtu", 0));
	read_text(fs, f->name, "address", address, sizeof(address));
	(void)parse_mac(address, f->mac);
}

static void
read_master(const struct hostfs *fs, struct netdev_facts *f)
{
	char master[IFNAMSIZ];

	if (hostfs_link(fs, master, sizeof(master), NET "%s/master", f->name) != 0 ||
	    !is_name(master))
		return;
	strcpy(f->master, master);
	f->master_is_bond = hostfs_exists(fs, NET "%s/bonding", master);
}

static void
read_sysfs(const struct hostfs *fs, struct netdev_facts *f)
{
	int64_t speed = read_number(fs, f->name, "speed", -1);

	/* -EINVAL while the device is down; the kernel's own "unknown" is -1. */
	f->carrier = read_number(fs, f->name, "carrier", 0) == 1;
	f->speed_mbps = speed > 0 && speed <= INT32_MAX ? (int32_t)speed : -1;
	read_text(fs, f->name, "operstate", f->operstate, sizeof(f->operstate));
	read_text(fs, f->name, "phys_switch_id", f->phys_switch_id, sizeof(f->phys_switch_id));
	read_text(fs, f->name, "phys_port_name", f->phys_port_name, sizeof(f->phys_port_name));
	read_master(fs, f);
}

int
netdev_read(const struct hostfs *fs, const char *name, struct netdev_facts *ret)
{
	struct netdev_facts f = {.speed_mbps = -1};
	bool sysfs_is_ours;
	int rc = 0;

	if (!is_name(name))
		return -ENODEV;
	strcpy(f.name, name);
	if (is_machine(fs))
		rc = ask_kernel(&f);
	else if (!hostfs_exists(fs, NET "%s/ifindex", name))
		rc = -ENODEV;
	else
		read_tree(fs, &f);
	if (rc != 0)
		return rc;
	/* A sysfs that was mounted in another namespace shows another device of that name. */
	sysfs_is_ours = read_number(fs, name, "ifindex", 0) == (int64_t)f.if_index;
	if (sysfs_is_ours)
		read_sysfs(fs, &f);
	f.has_address = is_machine(fs) && has_address(name);
	f.default_route = netdev_has_default_route(fs, name, sysfs_is_ours);
	*ret = f;
	return 0;
}

int
netdev_up(const char *name, struct reason *why)
{
	struct ifreq r;
	int fd, rc;

	if (!is_name(name))
		return reason_set(why, -ENODEV, "%s: not the name of a network device", name);
	fd = open_socket();
	if (fd < 0)
		return reason_set(why, fd, "%s: cannot open a socket: %s", name, strerror(-fd));
	rc = ask(fd, SIOCGIFFLAGS, name, &r);
	if (rc == 0 && (r.ifr_flags & IFF_UP) == 0) {
		r.ifr_flags = (short)(r.ifr_flags | IFF_UP);
		rc = ioctl(fd, SIOCSIFFLAGS, &r) != 0 ? -errno : 0;
	}
	close(fd);
	if (rc == 0)
		return 0;
	return reason_set(
		why,
		rc,
		"%s: cannot be brought up: %s%s",
		name,
		strerror(-rc),
		rc == -EPERM ? " (it needs CAP_NET_ADMIN: run as root)" : ""
	);
}
