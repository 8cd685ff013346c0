/* SPDX-License-Identifier: BSD-3-Clause */
/* See port.h. Used by lib/bond and the program's commands. */
#include "port.h"

#include "pmd_traits.h"
#include "port_pool.h"
#include "port_priv.h"
#include "reason.h"
#include "text.h"
#include "vdev.h"

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	DEFAULT_MBUF_BYTES = RTE_MBUF_DEFAULT_BUF_SIZE,
	/* Frames in flight per worker: its cache (1.5 x 250) and a few bursts. */
	MBUFS_PER_WORKER = 1024,
	SPARE_MBUFS = 2048,
	MIN_MBUFS = 8191,
};

const char *const port_state_names[] = {
	[PORT_ABSENT] = "absent",
	[PORT_FOUND] = "found",
	[PORT_CONFIGURED] = "stopped",
	[PORT_STARTED] = "started",
	[PORT_CLOSED] = "closed",
};

/* A power of two minus one is what a ring of mbufs stores best. */
static uint32_t
default_mbufs(const struct ports_settings *s)
{
	uint32_t queues = RTE_MAX(s->port.nb_rxq, 1), n;
	uint32_t desc = RTE_MAX(RTE_MAX(s->port.nb_rxd, s->port.nb_txd), PORT_DEFAULT_DESCRIPTORS);

	n = (uint32_t)(rte_eth_dev_count_avail() + 1) * queues * 2 * desc;
	n += s->nb_workers * (uint32_t)MBUFS_PER_WORKER + SPARE_MBUFS;
	return RTE_MAX(rte_align32pow2(n) - 1, (uint32_t)MIN_MBUFS);
}

int
ports_new(struct ports **ret, const struct ports_settings *s, struct reason *why)
{
	struct port_pool_settings pool;
	struct ports *ports = calloc(1, sizeof(*ports));
	int rc;

	if (ports == NULL)
		return reason_set(why, -ENOMEM, "ports: out of memory");
	ports->settings = *s;
	if (ports->settings.mbuf_bytes == 0)
		ports->settings.mbuf_bytes = DEFAULT_MBUF_BYTES;
	pool.mbuf_bytes = ports->settings.mbuf_bytes;
	pool.total_mbufs = s->total_mbufs != 0 ? s->total_mbufs : default_mbufs(s);
	rc = port_pools_new(&ports->pools, &pool);
	if (rc != 0) {
		free(ports);
		return reason_set(why, rc, "ports: out of memory");
	}
	*ret = ports;
	return 0;
}

void
ports_close_all(struct ports *ports)
{
	for (uint16_t id = 0; id < RTE_MAX_ETHPORTS; id++)
		if (ports->port[id].state != PORT_ABSENT)
			(void)port_close(ports, id, NULL);
}

uint64_t
ports_pool_report(struct ports *ports, struct text *ret)
{
	return port_pools_report(ports->pools, ret);
}

struct ports *
ports_free(struct ports *ports)
{
	if (ports == NULL)
		return NULL;
	port_pools_free(ports->pools);
	free(ports);
	return NULL;
}

static void
port_found(struct ports *ports, uint16_t id, const struct rte_eth_dev_info *info)
{
	struct port *p = &ports->port[id];

	memset(p, 0, sizeof(*p));
	p->state = PORT_FOUND;
	p->want = ports->settings.port;
	p->device = info->device;
	if (rte_eth_dev_get_name_by_port(id, p->name) != 0)
		strcpy(p->name, "?");
	rte_strscpy(
		p->driver, info->driver_name != NULL ? info->driver_name : "?", sizeof(p->driver)
	);
}

int
ports_scan(struct ports *ports)
{
	struct rte_eth_dev_info info;
	uint16_t id;
	int n = 0;

	RTE_ETH_FOREACH_DEV (id) {
		enum port_state state = ports->port[id].state;

		if ((state != PORT_ABSENT && state != PORT_CLOSED) ||
		    rte_eth_dev_info_get(id, &info) != 0)
			continue;
		port_found(ports, id, &info);
		n++;
	}
	return n;
}

int
ports_check_mbufs(const struct ports *ports, struct reason *why)
{
	uint32_t room = ports->settings.mbuf_bytes - RTE_PKTMBUF_HEADROOM;

	for (uint16_t id = 0; id < RTE_MAX_ETHPORTS; id++) {
		struct pmd_frame_limits limits;

		if (ports->port[id].state == PORT_ABSENT || pmd_frame_limits(id, &limits) != 0)
			continue;
		if (limits.mbuf_room_bytes > room)
			return reason_set(
				why,
				-EINVAL,
				"%s: its frames of up to %u bytes do not fit mbufs of %u: "
				"--mbuf-size=%u or more is needed",
				ports->port[id].name,
				limits.mbuf_room_bytes,
				ports->settings.mbuf_bytes,
				limits.mbuf_room_bytes + RTE_PKTMBUF_HEADROOM
			);
	}
	return 0;
}

static int
port_info(
	const struct ports *ports,
	uint16_t id,
	struct rte_eth_dev_info *info,
	struct port_limits *limits,
	struct reason *why
)
{
	struct pmd_frame_limits frame;
	int rc = rte_eth_dev_info_get(id, info);

	if (rc != 0 || pmd_frame_limits(id, &frame) != 0)
		return reason_set(why, rc != 0 ? rc : -ENODEV, "it does not answer");
	limits->frame_max_bytes = frame.frame_max_bytes;
	limits->mbuf_room_bytes = ports->settings.mbuf_bytes - RTE_PKTMBUF_HEADROOM;
	return 0;
}

static int
setup_queues(struct ports *ports, uint16_t id, const struct port_conf *conf, struct reason *why)
{
	int socket = rte_eth_dev_socket_id(id);
	struct rte_mempool *pool = port_pools_get(ports->pools, socket, why);
	int rc;

	if (pool == NULL)
		return -ENOMEM;
	for (uint16_t q = 0; q < conf->nb_rxq; q++) {
		rc = rte_eth_rx_queue_setup(id, q, conf->nb_rxd, (unsigned)socket, NULL, pool);
		if (rc != 0)
			return reason_set(
				why,
				rc,
				"receive queue %u of %u descriptors: %s",
				q,
				conf->nb_rxd,
				rte_strerror(-rc)
			);
	}
	for (uint16_t q = 0; q < conf->nb_txq; q++) {
		rc = rte_eth_tx_queue_setup(id, q, conf->nb_txd, (unsigned)socket, NULL);
		if (rc != 0)
			return reason_set(
				why,
				rc,
				"transmit queue %u of %u descriptors: %s",
				q,
				conf->nb_txd,
				rte_strerror(-rc)
			);
	}
	return 0;
}

static int
configure(struct ports *ports, uint16_t id, const struct port_settings *want, struct reason *why)
{
	struct port *p = &ports->port[id];
	struct rte_eth_dev_info info;
	struct port_limits limits;
	struct port_conf conf;
	int rc = port_info(ports, id, &info, &limits, why);

	if (rc == 0)
		rc = port_conf_fit(&conf, want, &info, &limits, why);
	if (rc != 0)
		return rc;
	/* Link events where the device has them; it costs nothing without. */
	conf.eth.intr_conf.lsc = (*info.dev_flags & RTE_ETH_DEV_INTR_LSC) != 0;
	conf.eth.intr_conf.rmv = (*info.dev_flags & RTE_ETH_DEV_INTR_RMV) != 0;
	rc = rte_eth_dev_configure(id, conf.nb_rxq, conf.nb_txq, &conf.eth);
	if (rc != 0)
		return reason_set(
			why, rc, "the device refused its configuration: %s", rte_strerror(-rc)
		);
	rc = setup_queues(ports, id, &conf, why);
	if (rc != 0)
		return rc;
	p->want = *want;
	p->conf = conf;
	p->configured = true;
	p->state = PORT_CONFIGURED;
	return 0;
}

int
port_configure(
	struct ports *ports, uint16_t id, const struct port_settings *want, struct reason *why
)
{
	struct port *p = &ports->port[id];
	int rc;

	if (p->state == PORT_ABSENT || p->state == PORT_CLOSED)
		return reason_set(why, -ENODEV, "port %u: no such port", id);
	if (p->state == PORT_STARTED)
		return reason_set(why, -EBUSY, "%s: started; stop it first", p->name);
	rc = configure(ports, id, want != NULL ? want : &p->want, why);
	if (rc != 0)
		reason_prefix(why, p->name);
	return rc;
}

int
port_start(struct ports *ports, uint16_t id, struct reason *why)
{
	struct port *p = &ports->port[id];
	int rc;

	if (p->state == PORT_STARTED)
		return 0;
	if (p->state == PORT_FOUND) {
		rc = port_configure(ports, id, NULL, why);
		if (rc != 0)
			return rc;
	}
	if (p->state != PORT_CONFIGURED)
		return reason_set(why, -ENODEV, "%s: cannot start: it is closed", p->name);
	rc = rte_eth_dev_start(id);
	if (rc != 0)
		return reason_set(
			why,
			rc == -1 ? -EIO : rc,
			"%s: cannot start: %s",
			p->name,
			rte_strerror(rc == -1 ? EIO : -rc)
		);
	p->state = PORT_STARTED;
	return 0;
}

int
port_stop(struct ports *ports, uint16_t id, struct reason *why)
{
	struct port *p = &ports->port[id];
	int rc;

	if (p->state != PORT_STARTED)
		return 0;
	rc = rte_eth_dev_stop(id);
	if (rc != 0)
		return reason_set(
			why,
			rc == -1 ? -EIO : rc,
			"%s: cannot stop: %s",
			p->name,
			rte_strerror(rc == -1 ? EIO : -rc)
		);
	p->state = PORT_CONFIGURED;
	return 0;
}

int
port_close(struct ports *ports, uint16_t id, struct reason *why)
{
	struct port *p = &ports->port[id];
	int rc;

	if (p->state == PORT_CLOSED)
		return 0;
	if (p->state == PORT_ABSENT)
		return reason_set(why, -ENODEV, "port %u: no such port", id);
	rc = port_stop(ports, id, why);
	if (rc != 0)
		return rc;
	rc = rte_eth_dev_close(id);
	p->configured = false;
	p->state = PORT_CLOSED;
	if (rc != 0)
		return reason_set(
			why, rc, "%s: closed with an error: %s", p->name, rte_strerror(-rc)
		);
	return 0;
}

int
port_reset(struct ports *ports, uint16_t id, struct reason *why)
{
	struct port *p = &ports->port[id];
	bool promisc = rte_eth_promiscuous_get(id) == 1;
	bool allmulti = rte_eth_allmulticast_get(id) == 1;
	int rc = port_stop(ports, id, why);

	if (rc != 0)
		return rc;
	rc = rte_eth_dev_reset(id);
	if (rc != 0)
		return reason_set(why, rc, "%s: cannot reset: %s", p->name, rte_strerror(-rc));
	p->state = PORT_FOUND;
	p->configured = false;
	rc = port_configure(ports, id, NULL, why);
	if (rc == 0 && promisc)
		rc = port_promisc_set(id, true, why);
	if (rc == 0 && allmulti)
		rc = port_allmulti_set(id, true, why);
	return rc;
}

int
port_attach(
	struct ports *ports, const char *devargs, uint16_t *ret, uint16_t max, struct reason *why
)
{
	uint16_t found[DEVICE_MAX_PORTS];
	size_t name_len = strcspn(devargs, ",");
	int n;

	/* A closed port's device is still plugged in; probing it again needs it out first. */
	for (uint16_t id = 0; id < RTE_MAX_ETHPORTS; id++) {
		struct port *p = &ports->port[id];

		if (p->state == PORT_CLOSED && strlen(p->name) == name_len &&
		    strncmp(p->name, devargs, name_len) == 0)
			(void)port_detach(ports, id, NULL);
		else if (p->state != PORT_ABSENT && strlen(p->name) == name_len && strncmp(p->name, devargs, name_len) == 0)
			return reason_set(
				why, -EEXIST, "cannot attach %s: it is port %u already", p->name, id
			);
	}
	n = device_attach(devargs, found, why);
	if (n < 0)
		return n;
	ports_scan(ports);
	for (int i = 0; i < n && i < max; i++)
		ret[i] = found[i];
	return n;
}

int
port_detach(struct ports *ports, uint16_t id, struct reason *why)
{
	struct port *p = &ports->port[id];
	struct rte_device *device = p->device;
	int rc;

	if (p->state == PORT_ABSENT)
		return reason_set(why, -ENODEV, "port %u: no such port", id);
	/* All ports of the device go with it. */
	for (uint16_t i = 0; i < RTE_MAX_ETHPORTS; i++)
		if (ports->port[i].state != PORT_ABSENT && ports->port[i].device == device)
			(void)port_close(ports, i, NULL);
	rc = device_remove(device, why);
	if (rc != 0) {
		reason_prefix(why, p->name);
		return rc;
	}
	for (uint16_t i = 0; i < RTE_MAX_ETHPORTS; i++)
		if (ports->port[i].device == device)
			memset(&ports->port[i], 0, sizeof(ports->port[i]));
	return 0;
}

void
port_note_state(struct ports *ports, uint16_t id, enum port_state state)
{
	ports->port[id].state = state;
	if (state == PORT_ABSENT)
		memset(&ports->port[id], 0, sizeof(ports->port[id]));
}

int
port_mtu_max(const struct ports *ports, uint16_t id, uint32_t *ret)
{
	struct rte_eth_dev_info info;
	struct port_limits limits;
	int rc = port_info(ports, id, &info, &limits, NULL);

	if (rc != 0)
		return rc;
	*ret = port_conf_mtu_max(&info, &limits);
	return 0;
}

int
port_mtu_set(struct ports *ports, uint16_t id, uint32_t mtu_bytes, struct reason *why)
{
	struct port *p = &ports->port[id];
	uint32_t max;
	uint16_t now;
	int rc;

	if (p->state == PORT_FOUND) {
		rc = port_configure(ports, id, NULL, why);
		if (rc != 0)
			return rc;
	}
	if (port_mtu_max(ports, id, &max) != 0)
		return reason_set(why, -ENODEV, "%s: it does not answer", p->name);
	if (mtu_bytes < PORT_MIN_MTU_BYTES || mtu_bytes > max)
		return reason_set(
			why,
			-ERANGE,
			"%s: MTU %u asked, but it takes %u..%u",
			p->name,
			mtu_bytes,
			PORT_MIN_MTU_BYTES,
			max
		);
	rc = rte_eth_dev_set_mtu(id, (uint16_t)mtu_bytes);
	if (rc != 0)
		return reason_set(
			why,
			rc,
			"%s: cannot set MTU %u: %s%s",
			p->name,
			mtu_bytes,
			rte_strerror(-rc),
			rc == -EBUSY ? " (stop the port first)" : ""
		);
	if (rte_eth_dev_get_mtu(id, &now) != 0 || now != mtu_bytes)
		return reason_set(why, -EIO, "%s: MTU %u did not take effect", p->name, mtu_bytes);
	p->want.mtu_bytes = mtu_bytes;
	p->conf.mtu_bytes = (uint16_t)mtu_bytes;
	return 0;
}

int
port_promisc_set(uint16_t id, bool on, struct reason *why)
{
	int rc = on ? rte_eth_promiscuous_enable(id) : rte_eth_promiscuous_disable(id);

	if (rc == 0 && (rte_eth_promiscuous_get(id) == 1) != on)
		rc = -EIO;
	if (rc != 0)
		return reason_set(
			why,
			rc,
			"port %u: cannot turn promiscuous mode %s: %s",
			id,
			on ? "on" : "off",
			rte_strerror(-rc)
		);
	return 0;
}

int
port_allmulti_set(uint16_t id, bool on, struct reason *why)
{
	int rc = on ? rte_eth_allmulticast_enable(id) : rte_eth_allmulticast_disable(id);

	if (rc == 0 && (rte_eth_allmulticast_get(id) == 1) != on)
		rc = -EIO;
	if (rc != 0)
		return reason_set(
			why,
			rc,
			"port %u: cannot turn reception of all multicast %s: %s",
			id,
			on ? "on" : "off",
			rte_strerror(-rc)
		);
	return 0;
}

int
port_mac_set(uint16_t id, const struct rte_ether_addr *mac, struct reason *why)
{
	struct rte_ether_addr copy = *mac, now;
	int rc = rte_eth_dev_default_mac_addr_set(id, &copy);

	if (rc == 0 && (rte_eth_macaddr_get(id, &now) != 0 || !rte_is_same_ether_addr(&now, mac)))
		rc = -EIO;
	if (rc != 0)
		return reason_set(
			why,
			rc,
			"port %u: cannot set MAC address " RTE_ETHER_ADDR_PRT_FMT ": %s",
			id,
			RTE_ETHER_ADDR_BYTES(mac),
			rte_strerror(-rc)
		);
	return 0;
}

struct rte_mempool *
port_pool(struct ports *ports, uint16_t id, struct reason *why)
{
	return port_pools_get(ports->pools, rte_eth_dev_socket_id(id), why);
}
