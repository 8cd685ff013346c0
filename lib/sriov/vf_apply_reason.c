/* SPDX-License-Identifier: BSD-3-Clause */
/* See vf_apply_reason.h. */
#include "vf_apply_reason.h"

#include "reason.h"
#include "sriov_host.h"
#include "vf_settings.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* What drivers mean: i40e, ice and igb by their sources, the rest by the kernel's. */
static const struct meaning {
	int err;
	enum vf_attr attr; /* VF_ATTR_COUNT: any */
	const char *text;
} meanings[] = {
	{EOPNOTSUPP,
         VF_ATTR_COUNT,
         "it has no such function, or not in its present mode (switchdev)"},
	{EPROTONOSUPPORT, VF_ATTR_VLAN, "it knows no other VLAN protocol than 802.1Q"},
	{EINVAL, VF_ATTR_MAC, "it does not take this address"},
	{EINVAL,
         VF_ATTR_RATE,
         "its NIC cannot limit so: no minimum, more than the link's speed, or no link"},
	{EINVAL,
         VF_ATTR_TRUST,
         "it has no trust in its present mode (several functions on a port)"},
	{EINVAL, VF_ATTR_COUNT, "it does not take this value"},
	{EPERM,
         VF_ATTR_COUNT,
         "it takes CAP_NET_ADMIN in the PF's network namespace, and a PF that rules its own "
         "switch"},
	{EAGAIN,
         VF_ATTR_COUNT,
         "it said so for 10 s: another change of the PF, or a reset of the VF, does not end"},
	{EBUSY,
         VF_ATTR_COUNT,
         "it said so for 10 s: another change of the PF, or a reset of the VF, does not end"},
};

static const char *
find_meaning(enum vf_attr attr, int err)
{
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (meanings[i].err == -err &&
		    (meanings[i].attr == attr || meanings[i].attr == VF_ATTR_COUNT))
			return meanings[i].text;
	return NULL;
}

/* "driver igb", or "the driver" where its name is not told. */
static const char *
driver_text(const struct sriov_host *h, const char *pf, char *buf, size_t size)
{
	struct netdev_facts facts;

	if (h->netdev_read(h->ctx, pf, &facts) == 0 && facts.driver[0] != '\0')
		snprintf(buf, size, "driver %s", facts.driver);
	else
		snprintf(buf, size, "the driver");
	return buf;
}

int
vf_apply_explain(
	const struct sriov_host *h,
	const char *pf,
	enum vf_attr attr,
	const struct vf_state *want,
	int err,
	struct reason *why
)
{
	const char *meaning = find_meaning(attr, err);
	char wanted[VF_STATE_TEXT_BYTES], driver[48];
	struct reason said;

	if (why == NULL)
		return err;
	said = *why;
	return reason_set(
		why,
		err,
		"%.300s; wanted was %s%s%s%s%s",
		said.text,
		vf_state_text(attr, want, wanted),
		meaning != NULL ? "; " : "",
		meaning != NULL ? driver_text(h, pf, driver, sizeof(driver)) : "",
		meaning != NULL ? ": " : "",
		meaning != NULL ? meaning : ""
	);
}

int
vf_apply_ignored(
	const struct sriov_host *h,
	const char *pf,
	enum vf_attr attr,
	const struct vf_state *want,
	const struct vf_state *now,
	struct reason *why
)
{
	char wanted[VF_STATE_TEXT_BYTES], is[VF_STATE_TEXT_BYTES], driver[48];

	return reason_set(
		why,
		-EIO,
		"%s: %s accepted %s for VF %u and did not do it: the VF has %s",
		pf,
		driver_text(h, pf, driver, sizeof(driver)),
		vf_state_text(attr, want, wanted),
		want->vf,
		vf_state_text(attr, now, is)
	);
}
