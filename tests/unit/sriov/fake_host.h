/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A machine of files for tests of lib/sriov and of the host glue: a tree with PFs and VFs as sysfs
 * shows them, and hooks that change it as the kernel would when something is written (numvfs makes
 * and removes VFs, unbind, bind, driver_override, drivers_probe), and a netlink double whose state
 * is in files of the tree too, so that all of it outlives a process that is killed.
 */
#pragma once

#include "pci_addr.h"
#include "sriov_host.h"

#include <stdbool.h>
#include <stdint.h>

struct fake_host; /* opaque */

/*
 * A fresh tree with an IOMMU, the drivers igb, igbvf and vfio-pci, /dev/vfio, /proc; in memory
 * below /dev/shm, where files are made ten times as fast, or else below /tmp.
 */
struct fake_host *fake_host_new(void);
/* Another view of the same tree, as another process has it; it does not remove the tree. */
struct fake_host *fake_host_open(const char *root);
void fake_host_free(struct fake_host *f);

const char *fake_host_root(const struct fake_host *f);
struct sriov_host *fake_host_sriov(struct fake_host *f); /* its state_dir is inside the tree */

/*
 * A PF with that many VFs made, each in an IOMMU group of its own, bound to @vf_driver ("" none).
 * VF settings are taken and refused as by the PF's driver: igb knows no link-state, 802.1ad and min
 * rate; any other name (fake_all) does all. The capability of an igb has one VF more than its
 * driver offers, as real ones have. Without /sys/class/iommu/dmar0 functions get no group.
 */
struct fake_pf_settings {
	const char *addr;   /* "0000:3b:00.0" */
	const char *netdev; /* "ens1f0"; NULL: none in this namespace */
	const char *driver; /* igb */
	uint16_t vendor_id, device_id, vf_device_id;
	uint16_t total_vfs, num_vfs, first_vf_offset, vf_stride;
	const char *vf_driver;
	int numa_node;
	bool netdev_up;
};
#define FAKE_PF_IGB(address, name, vfs) \
	((struct fake_pf_settings){     \
		.addr = (address),      \
		.netdev = (name),       \
		.driver = "igb",        \
		.vendor_id = 0x8086,    \
		.device_id = 0x10c9,    \
		.vf_device_id = 0x10ca, \
		.total_vfs = 7,         \
		.num_vfs = (vfs),       \
		.first_vf_offset = 128, \
		.vf_stride = 2,         \
		.vf_driver = "",        \
		.numa_node = 0,         \
		.netdev_up = true,      \
	})
void fake_host_add_pf(struct fake_host *f, const struct fake_pf_settings *s);

/* Any other function; 6-digit hex class. Its group: its own, or that of @group_of. */
void fake_host_add_device(
	struct fake_host *f,
	const char *addr,
	uint16_t vendor_id,
	uint16_t device_id,
	uint32_t class_code,
	const char *driver,
	const char *group_of
);

/* Put text into a file of the tree, a link, or take one away; parents are made. */
void fake_host_put(struct fake_host *f, const char *path, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void fake_host_link(struct fake_host *f, const char *path, const char *target);
void fake_host_remove(struct fake_host *f, const char *path);

/* Everything of the tree but the state directory, as text, to be compared; free() it. */
char *fake_host_dump(const struct fake_host *f);

/*
 * What happens at the Nth step that changes anything (hostfs writes, vf_set, netdev_up, and the
 * steps of the journal), counted from 1 over the life of @f; 0: nothing. A step of the journal is
 * only told of beforehand: it cannot fail here, and both ways of killing come before it.
 */
enum fake_fault {
	FAKE_FAIL,        /* -@err instead of the step */
	FAKE_KILL_BEFORE, /* SIGKILL to this process before the step */
	FAKE_KILL_AFTER,  /* ... and after it */
};
void fake_host_fault(struct fake_host *f, unsigned at_step, enum fake_fault fault, int err);
unsigned fake_host_steps(const struct fake_host *f);

/* How the PF's driver answers vf_set for one attribute. */
enum fake_answer {
	FAKE_DOES,           /* does it */
	FAKE_LATER,          /* -EAGAIN @times times, then does it; 0: for ever */
	FAKE_REFUSES,        /* -@times as the error */
	FAKE_IGNORES,        /* says yes and does nothing */
	FAKE_DOES_AND_FAILS, /* does it, and then says -EIO */
};
void fake_host_answer(
	struct fake_host *f,
	const char *pf_netdev,
	enum vf_attr attr,
	enum fake_answer answer,
	int times
);

/* How vfio-pci takes a function: 0, or -errno of its bind; and whether it silently stays away. */
void fake_host_vfio_answer(struct fake_host *f, int err, bool silent);

/*
 * sriov_numvfs when VFs are to be made: makes at most @at_most (0: all) and says yes; says -@err
 * (0: not); the VFs appear after @late_ms of sleeping. Taking VFs away, or unbinding one, never
 * returns while a process of the tree has its node of vfio open: -ETIMEDOUT, and nothing changes.
 */
void fake_host_count_answer(
	struct fake_host *f, const char *pf_addr, uint16_t at_most, int err, uint32_t late_ms
);

/* The clock stands still but for sleep_ms and this; all who have the tree open share it. */
void fake_host_advance(struct fake_host *f, uint64_t ns);

/*
 * A process in the tree's /proc, with that start time, which has @path open (NULL: nothing).
 * fake_host_remove of /proc/PID ends it.
 */
void fake_host_process(
	struct fake_host *f, int pid, uint64_t start_ticks, const char *command, const char *path
);
