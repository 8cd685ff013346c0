/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Devices come and go: probing and removing what is behind an ethdev port. Control thread only; the
 * ports concerned must be out of the workers' hands.
 */
#pragma once

#include <rte_dev.h>

#include <stdint.h>

struct reason;

enum { DEVICE_MAX_PORTS = 16 };

/*
 * Probe @devargs (a PCI address or "net_tap1,iface=x") and list the ports it brought.
 * Returns how many, or -errno: -EEXIST when the device is there already.
 */
int
device_attach(const char *devargs, uint16_t ret_ports[static DEVICE_MAX_PORTS], struct reason *why);

/* Remove a device whose ports are closed. */
int device_remove(struct rte_device *device, struct reason *why);

/*
 * Call @fn from EAL's interrupt thread for events of any device: RTE_DEV_EVENT_REMOVE is vfio's
 * request to let go of one (pci_vfio_req_handler). Returns 0 or -errno; the end waits for a call
 * that is under way.
 */
int device_events_begin(rte_dev_event_cb_fn fn, void *ctx);
void device_events_end(rte_dev_event_cb_fn fn, void *ctx);
