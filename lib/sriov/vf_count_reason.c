/* SPDX-License-Identifier: BSD-3-Clause */
/* See vf_count_reason.h. Sources: drivers/pci/iov.c of Linux, and what its PF drivers answer. */
#include "vf_count_reason.h"

#include "reason.h"

#include <errno.h>
#include <string.h>

static const struct {
	int err;
	const char *advice;
} advices[] = {
	{EBUSY,
         "somebody else has changed its VFs meanwhile, or its driver has them in use; look with "
         "vfctl "
         "list and try again"},
	{EPERM,
         "not permitted: it takes root, and no VF may be assigned to a virtual machine (see "
         "dmesg)"},
	{EACCES, "not permitted: it takes root"},
	{EROFS, "/sys is read-only here, as in a container: do it on the host"},
	{ENOMEM,
         "no room for the VFs' memory or bus numbers: switch SR-IOV (and \"above 4G decoding\") on "
         "in "
         "the firmware, or boot with pci=realloc, or, when dmesg says \"bus out of range\", "
         "pci=assign-busses"},
	{EIO,
         "the device did not switch its VFs on: SR-IOV may be off in its firmware (see dmesg)"},
	{EINVAL, "its driver refuses that number in its present state (see dmesg)"},
	{ENODEV, "the device has gone, or its driver refuses VFs in its present mode (see dmesg)"},
	{EAGAIN, "its driver is in the middle of a reset; try again"},
};

/* No driver that makes VFs by this file. */
static int
explain_no_driver(const struct hostfs *fs, const char *pf, struct reason *why)
{
	char driver[64];

	if (hostfs_link(fs, driver, sizeof(driver), "/sys/bus/pci/devices/%s/driver", pf) != 0)
		return reason_set(
			why,
			-ENOENT,
			"%s has no driver, and VFs are made by the PF's: load it, or bind the PF "
			"to it "
			"(echo %s > /sys/bus/pci/drivers_probe)",
			pf,
			pf
		);
	return reason_set(
		why,
		-ENOENT,
		"%s: its driver %s makes no VFs by sriov_numvfs: an old one has a module parameter "
		"(max_vfs), vfio-pci has enable_sriov=1",
		pf,
		driver
	);
}

int
vf_count_reason(
	const struct hostfs *fs,
	const char *pf,
	uint16_t count,
	int err,
	uint32_t limit_ms,
	struct reason *why
)
{
	const char *advice = NULL;
	int64_t total = 0;

	if (err == -ENOENT)
		return explain_no_driver(fs, pf, why);
	if (err == -ERANGE) {
		(void)hostfs_read_i64(fs, &total, "/sys/bus/pci/devices/%s/sriov_totalvfs", pf);
		return reason_set(
			why,
			err,
			"%s: %u VFs are more than the %lld that its driver offers "
			"(sriov_totalvfs)",
			pf,
			count,
			(long long)total
		);
	}
	if (err == -ETIMEDOUT)
		return reason_set(
			why,
			err,
			"%s: the kernel did not return within %u s from setting %u VFs; it goes on "
			"when what it waits for is done (a process that has a VF open?)",
			pf,
			limit_ms / 1000,
			count
		);
	for (size_t i = 0; i < sizeof(advices) / sizeof(advices[0]); i++)
		if (advices[i].err == -err)
			advice = advices[i].advice;
	return reason_set(
		why,
		err,
		"%s: cannot set %u VFs: %s%s%s",
		pf,
		count,
		strerror(-err),
		advice != NULL ? ": " : " (see dmesg)",
		advice != NULL ? advice : ""
	);
}
