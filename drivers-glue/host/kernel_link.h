/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Carrier and administrative state of network devices from rtnetlink (RTM_NEWLINK, RTM_DELLINK),
 * for members whose PMD does not report link loss. Knows nothing of DPDK or bonding. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct kernel_link; /* opaque */
struct reason;

struct kernel_link_state {
	uint32_t if_index;
	char name[16];
	bool present;   /* false: deleted, or moved to another network namespace */
	bool admin_up;  /* IFF_UP */
	bool carrier;   /* IFLA_CARRIER; operstate lowerlayerdown and down count as none */
	uint8_t mac[6]; /* zero when the device's address has another length */
	uint32_t mtu;
};

/*
 * A device changed, or was seen for the first time. Called from kernel_link_process only, once
 * per message, also when nothing that kernel_link_state holds differs from before. It may call
 * kernel_link_get, but not kernel_link_process or kernel_link_free.
 */
typedef void (*kernel_link_fn)(void *ctx, const struct kernel_link_state *state);

/*
 * Open a non-blocking socket subscribed to link events in the calling thread's namespace.
 * Devices that exist already are not reported: kernel_link_get tells about them.
 */
int kernel_link_new(struct kernel_link **ret, kernel_link_fn fn, void *ctx, struct reason *why);
struct kernel_link *kernel_link_free(struct kernel_link *kl);

/* For poll(POLLIN). */
int kernel_link_fd(const struct kernel_link *kl);

/*
 * Read all that is waiting and call back for each message; after ENOBUFS (events lost) dump
 * all links again, calling back for each, and with present = false for each device that was
 * reported or asked for before and is gone. 0 or -errno of the socket.
 */
int kernel_link_process(struct kernel_link *kl);

/*
 * Ask the kernel about one device now (a request of its own, not the event stream).
 * 0 with *ret filled; -ENODEV when there is none in this namespace.
 */
int kernel_link_get(struct kernel_link *kl, uint32_t if_index, struct kernel_link_state *ret);
