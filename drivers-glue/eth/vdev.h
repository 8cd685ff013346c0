/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Devices come and go: probing and removing what is behind an ethdev port. Control thread only; the
 * ports concerned must be out of the workers' hands.
 */
#pragma once

#include <stdint.h>

struct reason;
struct rte_device;

enum { DEVICE_MAX_PORTS = 16 };

/*
 * Probe @devargs (a PCI address or "net_tap1,iface=x") and list the ports it brought.
 * Returns how many, or -errno: -EEXIST when the device is there already.
 */
int
device_attach(const char *devargs, uint16_t ret_ports[static DEVICE_MAX_PORTS], struct reason *why);

/* Remove a device whose ports are closed. */
int device_remove(struct rte_device *device, struct reason *why);
