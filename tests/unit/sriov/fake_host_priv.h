/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the parts of the fake machine share: paths below its root, its functions, its kernel and its
 * script. Only fake_*.c of this folder use it.
 *
 * Below the root, beside what a machine shows: .kernel has what the kernel knows and does not show
 * (part of the dump), .script the clock and the answers that a test has set (not part of it).
 */
#pragma once

#include "fake_host.h"

#include <stddef.h>

enum { FAKE_PATH_BYTES = HOSTFS_PATH_BYTES };

struct fake_host {
	char root[64];
	char state_dir[96];
	bool removes_tree;
	struct sriov_host host;
	unsigned steps, fault_step;
	enum fake_fault fault;
	int fault_err;
};

struct fake_function {
	const char *addr;
	uint16_t vendor_id, device_id;
	uint32_t class_code;
	int numa_node;
	const char *group_of; /* NULL: a group of its own */
	const struct fake_pf_settings *pf;
	bool is_vf;
};

/* fake_tree.c: paths are those inside the tree. Anything that goes wrong ends the test. */
void fake_die(const char *what, const char *path) __attribute__((noreturn));
const char *fake_path(char buf[static FAKE_PATH_BYTES], const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
const char *
fake_full(const struct fake_host *f, char buf[static FAKE_PATH_BYTES], const char *path);
void fake_mkdirs(const struct fake_host *f, const char *path);
void fake_put_bytes(const struct fake_host *f, const char *path, const void *bytes, size_t len);
int fake_number(const struct fake_host *f, const char *path, int otherwise);

/* fake_device.c: functions of the PCI bus, their configuration space and IOMMU groups. */
const char *fake_device_dir(char buf[static FAKE_PATH_BYTES], const char *addr);
void fake_device_new(struct fake_host *f, const struct fake_function *fn);
void fake_device_remove(struct fake_host *f, const char *addr);
void fake_device_show_vfs(struct fake_host *f, const char *pf, uint16_t num_vfs);
int fake_device_group(const struct fake_host *f, const char *addr); /* -1: none */
int fake_group_join(struct fake_host *f, const char *addr, const char *group_of, const char *name);
void fake_group_leave(struct fake_host *f, const char *addr);

/* fake_driver.c: drivers and what they make of a function. */
void fake_driver_new(struct fake_host *f, const char *driver);
void
fake_driver_id(struct fake_host *f, const char *driver, uint16_t vendor_id, uint16_t device_id);
const char *fake_driver_of_vfs(const char *pf_driver);
int fake_driver_take(struct fake_host *f, const char *addr, const char *driver);
int fake_driver_leave(struct fake_host *f, const char *addr);
void fake_driver_attach(struct fake_host *f, const char *addr);
int fake_driver_bind(struct fake_host *f, const char *driver, const char *addr);
bool fake_device_is_held(const struct fake_host *f, const char *addr);

/* fake_kernel.c: what a write does. */
int fake_kernel_write(void *ctx, const char *path, const char *value, size_t len);
int fake_kernel_numvfs(struct fake_host *f, const char *pf, uint16_t num_vfs);
void fake_kernel_late(struct fake_host *f);

/* fake_netlink.c: the VF attributes of PFs, and netdevs. */
void fake_netlink_init(struct sriov_host *h);
void fake_netlink_vfs(struct fake_host *f, const char *pf, unsigned num_vfs);
bool fake_netlink_mac(const struct fake_host *f, const char *pf, unsigned vf, uint8_t ret[6]);
void fake_netdev_new(struct fake_host *f, const char *addr, const char *name, const uint8_t mac[6]);
void fake_netdev_show_up(struct fake_host *f, const char *name, bool up);

/* fake_script.c: the clock, the steps and the answers of a test. */
void fake_script_init(struct sriov_host *h);
int fake_step_begin(struct fake_host *f, int *ret_lock);
void fake_step_end(struct fake_host *f, int lock);
uint64_t fake_now_ns(const struct fake_host *f);
enum fake_answer
fake_answer_take(struct fake_host *f, const char *pf, enum vf_attr attr, int *ret_err);
void fake_vfio_answer_get(const struct fake_host *f, int *ret_err, bool *ret_silent);
void fake_count_answer_get(
	const struct fake_host *f,
	const char *pf,
	uint16_t *ret_at_most,
	int *ret_err,
	uint32_t *ret_late_ms
);
