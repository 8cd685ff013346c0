/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The VF attributes of the fake machine's PFs and its netdevs, kept in files, with the answers of
 * the drivers: igb as in Linux 6.12, every other one does all. See fake_host.h.
 */
#include "fake_host_priv.h"
#include "parse.h"
#include "reason.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATE_FORMAT                                                          \
	"%02x:%02x:%02x:%02x:%02x:%02x vlan %u qos %u proto %u min %u max %u" \
	" spoofchk %u trust %u link-state %u\n"
#define STATE_SCAN                                                                  \
	"%02hhx:%02hhx:%02hhx:%02hhx:%02hhx:%02hhx vlan %hu qos %hhu proto %hu min" \
	" %" SCNu32 " max %" SCNu32 " spoofchk %u trust %u link-state %u"

static void
write_state(struct fake_host *f, const char *pf, const struct vf_state *s)
{
	char path[FAKE_PATH_BYTES];

	fake_host_put(
		f,
		fake_path(path, "/.kernel/vf/%s/%u", pf, s->vf),
		STATE_FORMAT,
		s->mac[0],
		s->mac[1],
		s->mac[2],
		s->mac[3],
		s->mac[4],
		s->mac[5],
		s->vlan,
		s->qos,
		s->vlan_proto,
		s->min_tx_rate_mbps,
		s->max_tx_rate_mbps,
		s->spoofchk,
		s->trust,
		s->link_state
	);
}

static int
read_state(const struct fake_host *f, const char *pf, uint32_t vf, struct vf_state *ret)
{
	struct vf_state s = {.vf = vf, .known = (1U << VF_ATTR_COUNT) - 1};
	unsigned spoofchk, trust, link_state;
	char line[256];

	if (hostfs_read(&f->host.fs, line, sizeof(line), "/.kernel/vf/%s/%u", pf, vf) != 0)
		return -ENOENT;
	if (sscanf(line,
	           STATE_SCAN,
	           &s.mac[0],
	           &s.mac[1],
	           &s.mac[2],
	           &s.mac[3],
	           &s.mac[4],
	           &s.mac[5],
	           &s.vlan,
	           &s.qos,
	           &s.vlan_proto,
	           &s.min_tx_rate_mbps,
	           &s.max_tx_rate_mbps,
	           &spoofchk,
	           &trust,
	           &link_state) != 14)
		fake_die("not a VF's state:", line);
	s.spoofchk = spoofchk != 0;
	s.trust = trust != 0;
	s.link_state = (enum vf_link_state)link_state;
	*ret = s;
	return 0;
}

void
fake_netlink_vfs(struct fake_host *f, const char *pf, unsigned num_vfs)
{
	char path[FAKE_PATH_BYTES];

	fake_host_remove(f, fake_path(path, "/.kernel/vf/%s", pf));
	for (unsigned vf = 0; vf < num_vfs; vf++)
		write_state(f, pf, &(struct vf_state){.vf = vf, .spoofchk = true});
}

bool
fake_netlink_mac(const struct fake_host *f, const char *pf, unsigned vf, uint8_t ret[6])
{
	static const uint8_t none[6];
	struct vf_state s;

	if (read_state(f, pf, vf, &s) != 0 || memcmp(s.mac, none, 6) == 0)
		return false;
	memcpy(ret, s.mac, 6);
	return true;
}

/* The PF behind a netdev. */
static int
find_pf(const struct fake_host *f, const char *netdev, char ret[static 32], struct reason *why)
{
	if (hostfs_link(&f->host.fs, ret, 32, "/sys/class/net/%s/device", netdev) == 0)
		return 0;
	return reason_set(why, -ENODEV, "%s: no such device", netdev);
}

static int
vf_get(void *ctx, const char *pf, uint32_t vf, struct vf_state *ret, struct reason *why)
{
	struct fake_host *f = ctx;
	char addr[32];
	int rc = find_pf(f, pf, addr, why);

	if (rc != 0)
		return rc;
	if (read_state(f, addr, vf, ret) != 0)
		return reason_set(why, -ENOENT, "%s: has no VF %u", pf, vf);
	return 0;
}

/* igb_ndo_set_vf_bw(): the PF's link must be up, and be as fast. */
static int
igb_rate(const struct fake_host *f, const char *pf, const struct vf_state *want)
{
	char path[FAKE_PATH_BYTES];

	if (want->min_tx_rate_mbps != 0)
		return -EINVAL;
	if (fake_number(f, fake_path(path, "/sys/class/net/%s/carrier", pf), 0) != 1)
		return -EINVAL;
	fake_path(path, "/sys/class/net/%s/speed", pf);
	return (int64_t)want->max_tx_rate_mbps > fake_number(f, path, 0) ? -EINVAL : 0;
}

/* What the driver does not do. */
static int
refusal(const struct fake_host *f, const char *pf, enum vf_attr attr, const struct vf_state *want)
{
	char driver[32] = "";
	bool igb;

	(void
	)hostfs_link(&f->host.fs, driver, sizeof(driver), "/sys/class/net/%s/device/driver", pf);
	igb = strcmp(driver, "igb") == 0;
	switch (attr) {
	case VF_ATTR_MAC:
		return (want->mac[0] & 1) != 0 ? -EINVAL : 0;
	case VF_ATTR_VLAN:
		if (want->vlan > 4095 || want->qos > 7)
			return -EINVAL;
		if (want->vlan_proto == 0 || want->vlan_proto == ETH_P_8021Q)
			return 0;
		return igb || want->vlan_proto != ETH_P_8021AD ? -EPROTONOSUPPORT : 0;
	case VF_ATTR_RATE:
		if (igb)
			return igb_rate(f, pf, want);
		return want->max_tx_rate_mbps != 0 &&
		                       want->min_tx_rate_mbps > want->max_tx_rate_mbps
		               ? -EINVAL
		               : 0;
	case VF_ATTR_LINK_STATE:
		return igb ? -EOPNOTSUPP : 0;
	default:
		return 0;
	}
}

static void
change_state(struct vf_state *s, enum vf_attr attr, const struct vf_state *want)
{
	switch (attr) {
	case VF_ATTR_MAC:
		memcpy(s->mac, want->mac, 6);
		break;
	case VF_ATTR_VLAN:
		s->vlan = want->vlan;
		s->qos = want->qos;
		s->vlan_proto = 0;
		if (want->vlan != 0)
			s->vlan_proto = want->vlan_proto != 0 ? want->vlan_proto : ETH_P_8021Q;
		break;
	case VF_ATTR_RATE:
		s->min_tx_rate_mbps = want->min_tx_rate_mbps;
		s->max_tx_rate_mbps = want->max_tx_rate_mbps;
		break;
	case VF_ATTR_SPOOFCHK:
		s->spoofchk = want->spoofchk;
		break;
	case VF_ATTR_TRUST:
		s->trust = want->trust;
		break;
	case VF_ATTR_LINK_STATE:
		s->link_state = want->link_state;
		break;
	case VF_ATTR_COUNT:
		break;
	}
}

static int
set_locked(struct fake_host *f, const char *pf, enum vf_attr attr, const struct vf_state *want)
{
	enum fake_answer answer;
	struct vf_state s;
	char addr[32];
	int rc = find_pf(f, pf, addr, NULL), err;

	if (rc != 0)
		return rc;
	if (read_state(f, addr, want->vf, &s) != 0)
		return -EINVAL;
	answer = fake_answer_take(f, pf, attr, &err);
	if (answer == FAKE_LATER || answer == FAKE_REFUSES)
		return err;
	if (answer == FAKE_IGNORES)
		return 0;
	rc = refusal(f, pf, attr, want);
	if (rc != 0)
		return rc;
	change_state(&s, attr, want);
	write_state(f, addr, &s);
	return answer == FAKE_DOES_AND_FAILS ? -EIO : 0;
}

static int
vf_set(void *ctx, const char *pf, enum vf_attr attr, const struct vf_state *want, struct reason *why
)
{
	struct fake_host *f = ctx;
	int lock, rc = fake_step_begin(f, &lock);

	if (rc == 0) {
		rc = set_locked(f, pf, attr, want);
		fake_step_end(f, lock);
	}
	if (rc != 0)
		reason_set(
			why,
			rc,
			"%s: vf %u: cannot set attribute %d: %s",
			pf,
			want->vf,
			(int)attr,
			strerror(-rc)
		);
	return rc;
}

void
fake_netdev_new(struct fake_host *f, const char *addr, const char *name, const uint8_t mac[6])
{
	char dir[FAKE_PATH_BYTES], path[FAKE_PATH_BYTES], target[FAKE_PATH_BYTES];
	unsigned bus, device, function;

	if (sscanf(addr, "%*x:%x:%x.%x", &bus, &device, &function) != 3)
		fake_die("address", addr);
	fake_device_dir(dir, addr);
	fake_host_put(
		f,
		fake_path(path, "%s/net/%s/address", dir, name),
		"%02x:%02x:%02x:%02x:%02x:%02x\n",
		mac[0],
		mac[1],
		mac[2],
		mac[3],
		mac[4],
		mac[5]
	);
	/* The kernel gives a new number each time; here it is the function's, to be compared. */
	fake_path(path, "%s/net/%s/ifindex", dir, name);
	fake_host_put(f, path, "%u\n", 2 + (bus << 8 | device << 3 | function));
	fake_host_put(f, fake_path(path, "%s/net/%s/mtu", dir, name), "1500\n");
	fake_host_put(f, fake_path(path, "%s/net/%s/type", dir, name), "1\n");
	fake_host_put(f, fake_path(path, "%s/net/%s/dev_port", dir, name), "0\n");
	fake_host_link(
		f,
		fake_path(path, "%s/net/%s/device", dir, name),
		fake_path(target, "../../../%s", addr)
	);
	fake_path(path, "/sys/class/net/%s", name);
	fake_host_link(f, path, fake_path(target, "../..%s/net/%s", dir + strlen("/sys"), name));
	fake_netdev_show_up(f, name, false);
}

void
fake_netdev_show_up(struct fake_host *f, const char *name, bool up)
{
	char path[FAKE_PATH_BYTES];

	fake_path(path, "/sys/class/net/%s/flags", name);
	fake_host_put(f, path, "0x%x\n", IFF_BROADCAST | IFF_MULTICAST | (up ? IFF_UP : 0));
	fake_path(path, "/sys/class/net/%s/operstate", name);
	fake_host_put(f, path, "%s\n", up ? "up" : "down");
	fake_host_put(f, fake_path(path, "/sys/class/net/%s/carrier", name), "%d\n", up);
	fake_host_put(f, fake_path(path, "/sys/class/net/%s/speed", name), "%d\n", up ? 1000 : -1);
}

static int
netdev_is_up(const struct fake_host *f, const char *name)
{
	int64_t flags;
	int rc = hostfs_read_i64(&f->host.fs, &flags, "/sys/class/net/%s/flags", name);

	if (rc != 0)
		return -ENODEV;
	return (flags & IFF_UP) != 0;
}

static int
netdev_raise(void *ctx, const char *name, struct reason *why)
{
	struct fake_host *f = ctx;
	int lock, up, rc = fake_step_begin(f, &lock);

	if (rc == 0) {
		up = netdev_is_up(f, name);
		if (up == 0)
			fake_netdev_show_up(f, name, true);
		rc = up < 0 ? up : 0;
		fake_step_end(f, lock);
	}
	if (rc != 0)
		reason_set(why, rc, "%s: cannot bring it up: %s", name, strerror(-rc));
	return rc;
}

/* A line of /proc/net/route: name, destination, gateway, flags, ..., mask; 0 and 0 is a default. */
static bool
has_default_route(const struct fake_host *f, const char *name, const char *master)
{
	char path[FAKE_PATH_BYTES], line[256], on[32];
	unsigned destination, mask;
	bool found = false;
	FILE *file = fopen(fake_full(f, path, "/proc/net/route"), "re");

	if (file == NULL)
		return false;
	while (fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, "%31s %x %*x %*x %*d %*d %*d %x", on, &destination, &mask) == 3 &&
		    destination == 0 && mask == 0 &&
		    (strcmp(on, name) == 0 || strcmp(on, master) == 0))
			found = true;
	fclose(file);
	return found;
}

static int
facts_read(void *ctx, const char *name, struct netdev_facts *ret)
{
	struct fake_host *f = ctx;
	const struct hostfs *fs = &f->host.fs;
	struct netdev_facts facts = {0};
	char path[FAKE_PATH_BYTES], mac[32];
	int up = netdev_is_up(f, name);

	if (up < 0 || strlen(name) >= sizeof(facts.name))
		return -ENODEV;
	strcpy(facts.name, name);
	facts.admin_up = up != 0;
	if (hostfs_read(fs, mac, sizeof(mac), "/sys/class/net/%s/address", name) == 0)
		(void)parse_mac(mac, facts.mac);
	fake_path(path, "/sys/class/net/%s/ifindex", name);
	facts.if_index = (uint32_t)fake_number(f, path, 0);
	facts.carrier = fake_number(f, fake_path(path, "/sys/class/net/%s/carrier", name), 0) == 1;
	facts.mtu = (uint32_t)fake_number(f, fake_path(path, "/sys/class/net/%s/mtu", name), 0);
	facts.speed_mbps = fake_number(f, fake_path(path, "/sys/class/net/%s/speed", name), -1);
	(void)hostfs_read(
		fs, facts.operstate, sizeof(facts.operstate), "/sys/class/net/%s/operstate", name
	);
	(void)hostfs_link(fs, facts.master, sizeof(facts.master), "/sys/class/net/%s/master", name);
	facts.master_is_bond = hostfs_exists(fs, "/sys/class/net/%s/master/bonding", name);
	facts.default_route = has_default_route(f, name, facts.master);
	(void)hostfs_link(
		fs, facts.driver, sizeof(facts.driver), "/sys/class/net/%s/device/driver", name
	);
	(void
	)hostfs_link(fs, facts.bus_info, sizeof(facts.bus_info), "/sys/class/net/%s/device", name);
	(void)hostfs_read(
		fs,
		facts.phys_switch_id,
		sizeof(facts.phys_switch_id),
		"/sys/class/net/%s/phys_switch_id",
		name
	);
	(void)hostfs_read(
		fs,
		facts.phys_port_name,
		sizeof(facts.phys_port_name),
		"/sys/class/net/%s/phys_port_name",
		name
	);
	*ret = facts;
	return 0;
}

void
fake_netlink_init(struct sriov_host *h)
{
	h->vf_get = vf_get;
	h->vf_set = vf_set;
	h->netdev_read = facts_read;
	h->netdev_up = netdev_raise;
}
