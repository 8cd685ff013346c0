/* SPDX-License-Identifier: BSD-3-Clause */
/* See vf_apply.h. */
#include "vf_apply.h"

#include "reason.h"
#include "sriov_host.h"
#include "text.h"
#include "units.h"
#include "vf_apply_reason.h"

#include <errno.h>
#include <string.h>

enum {
	/* i40e answers "VF still in reset" within 300 ms each time; a reset may take seconds. */
	LATER_LIMIT_MS = 10000,
	LATER_FIRST_MS = 10,
	LATER_MOST_MS = 1000,
	/* Some drivers change their tables after they have answered. */
	PROOF_LIMIT_MS = 2000,
	PROOF_STEP_MS = 100,
};

/*
 * i40e and ice reset the VF when its trust, MAC, VLAN or link state changes; what needs a VF that
 * is up (spoofchk, rates) comes after the last reset. Trust is first: a MAC, and what the VF does
 * about it, may need it.
 */
const enum vf_attr vf_apply_order[VF_ATTR_COUNT] = {
	VF_ATTR_TRUST,
	VF_ATTR_MAC,
	VF_ATTR_VLAN,
	VF_ATTR_LINK_STATE,
	VF_ATTR_SPOOFCHK,
	VF_ATTR_RATE,
};

/* One VF and whom to tell. */
struct job {
	const struct sriov_host *h;
	const char *pf;
	uint32_t vf;
	struct text *notes; /* NULL: nobody reads them */
	struct reason *why;
};

static bool
is_later(int rc)
{
	return rc == -EAGAIN || rc == -EBUSY;
}

/* Wait before the next try, longer each time. False: there is no time left. */
static bool
wait_a_while(const struct job *j, uint64_t start_ns, uint32_t *wait_ms)
{
	uint64_t passed_ns = j->h->now_ns(j->h->ctx) - start_ns;

	if (passed_ns + *wait_ms * NSEC_PER_MSEC > LATER_LIMIT_MS * NSEC_PER_MSEC)
		return false;
	j->h->sleep_ms(j->h->ctx, *wait_ms);
	*wait_ms = *wait_ms * 2 < LATER_MOST_MS ? *wait_ms * 2 : LATER_MOST_MS;
	return true;
}

static int
read_patiently(const struct job *j, struct vf_state *ret)
{
	uint64_t start_ns = j->h->now_ns(j->h->ctx);
	uint32_t wait_ms = LATER_FIRST_MS;
	int rc;

	do {
		rc = j->h->vf_get(j->h->ctx, j->pf, j->vf, ret, j->why);
	} while (is_later(rc) && wait_a_while(j, start_ns, &wait_ms));
	return rc;
}

static int
set_patiently(const struct job *j, enum vf_attr attr, const struct vf_state *want)
{
	uint64_t start_ns = j->h->now_ns(j->h->ctx);
	uint32_t wait_ms = LATER_FIRST_MS;
	int rc;

	do {
		rc = j->h->vf_set(j->h->ctx, j->pf, attr, want, j->why);
	} while (is_later(rc) && wait_a_while(j, start_ns, &wait_ms));
	return rc;
}

static bool
knows(const struct vf_state *s, enum vf_attr attr)
{
	return (s->known & 1u << attr) != 0;
}

/* Whether the driver says that the VF has it already. */
static bool
has(const struct vf_state *now, enum vf_attr attr, const struct vf_state *want)
{
	return knows(now, attr) && vf_state_same(attr, now, want);
}

/* The first of @attrs that the driver says to be different. VF_ATTR_COUNT: none. */
static enum vf_attr
first_wrong(const struct vf_state *now, uint32_t attrs, const struct vf_state *want)
{
	for (int i = 0; i < VF_ATTR_COUNT; i++) {
		enum vf_attr attr = vf_apply_order[i];

		if ((attrs & 1u << attr) && knows(now, attr) && !vf_state_same(attr, now, want))
			return attr;
	}
	return VF_ATTR_COUNT;
}

/*
 * Read until @attrs are as @want, which are those set so far: a later one may have taken an
 * earlier one away. What the driver does not tell has to be believed.
 */
static int
prove(const struct job *j, uint32_t attrs, const struct vf_state *want, struct vf_state *ret_now)
{
	struct vf_state now;

	for (int waited_ms = 0;; waited_ms += PROOF_STEP_MS) {
		int rc = read_patiently(j, &now);
		enum vf_attr wrong;

		if (rc < 0)
			return rc;
		wrong = first_wrong(&now, attrs, want);
		if (wrong == VF_ATTR_COUNT)
			break;
		if (waited_ms >= PROOF_LIMIT_MS)
			return vf_apply_ignored(j->h, j->pf, wrong, want, &now, j->why);
		j->h->sleep_ms(j->h->ctx, PROOF_STEP_MS);
	}
	*ret_now = now;
	return 0;
}

static void
note(const struct job *j, enum vf_attr attr, const struct vf_state *s, const char *text)
{
	char value[VF_STATE_TEXT_BYTES];

	if (j->notes != NULL)
		text_printf(
			j->notes,
			"%s: VF %u: %s: %s\n",
			j->pf,
			j->vf,
			vf_state_text(attr, s, value),
			text
		);
}

/* What a VF has when nobody asked for anything, and all that a driver without the function does. */
static bool
is_default(enum vf_attr attr, const struct vf_state *s)
{
	static const struct vf_state defaults = {.link_state = VF_LINK_AUTO};

	return attr != VF_ATTR_MAC && vf_state_same(attr, s, &defaults);
}

/* Set and prove one attribute. *ret_written: the driver accepted it. */
static int
apply_one(
	const struct job *j,
	enum vf_attr attr,
	uint32_t done,
	const struct vf_state *want,
	struct vf_state *now,
	bool *ret_written
)
{
	int rc = set_patiently(j, attr, want);

	*ret_written = rc == 0;
	if (rc == -EOPNOTSUPP && !knows(now, attr) && is_default(attr, want)) {
		note(j, attr, want, "the driver has no such function; it always is so");
		return 0;
	}
	if (rc < 0)
		return vf_apply_explain(j->h, j->pf, attr, want, rc, j->why);
	rc = prove(j, done | 1u << attr, want, now);
	if (rc == 0 && !knows(now, attr))
		note(j, attr, want, "the driver accepted it, and does not tell whether it is so");
	return rc;
}

/*
 * Give back one attribute. What counts is what the VF has afterwards: a driver may do it and say
 * that it failed.
 */
static int
restore_one(const struct job *j, enum vf_attr attr, struct vf_state *was, struct text *residue)
{
	static const uint8_t zero[6], instead[6] = {2};
	struct vf_state now;
	int rc = set_patiently(j, attr, was);

	if ((rc == -EINVAL || rc == -EADDRNOTAVAIL) && attr == VF_ATTR_MAC &&
	    memcmp(was->mac, zero, sizeof(zero)) == 0) {
		memcpy(was->mac, instead, sizeof(instead));
		rc = set_patiently(j, attr, was);
		if (rc == 0)
			text_printf(
				residue,
				"%s: VF %u: the driver does not take the zero address back; it has "
				"02:00:00:00:00:00 instead\n",
				j->pf,
				j->vf
			);
	}
	if (rc == 0)
		return 0;
	if (j->h->vf_get(j->h->ctx, j->pf, j->vf, &now, NULL) == 0 && has(&now, attr, was))
		return 0;
	return vf_apply_explain(j->h, j->pf, attr, was, rc, j->why);
}

/* Give back one attribute unless it is so, and prove that those of @proven still are. */
static int
restore_attr(
	const struct job *j,
	enum vf_attr attr,
	uint32_t proven,
	struct vf_state *was,
	struct text *residue
)
{
	struct vf_state now;
	int rc = read_patiently(j, &now);

	if (rc == 0 && !has(&now, attr, was))
		rc = restore_one(j, attr, was, residue);
	return rc < 0 ? rc : prove(j, proven | 1u << attr, was, &now);
}

static void
add_untold(const struct job *j, uint32_t attrs, struct text *residue)
{
	for (enum vf_attr attr = 0; attr < VF_ATTR_COUNT; attr++)
		if (attrs & 1u << attr)
			text_printf(
				residue,
				"%s: VF %u: %s: what it was before, the driver did not tell\n",
				j->pf,
				j->vf,
				vf_attr_names[attr]
			);
}

/*
 * Give all of @attrs back, and return the first error. @residue gains a line for what cannot be as
 * it was though nothing failed. The second round is for what the first one took away again: a
 * driver may lose an attribute when another one resets the VF.
 */
static int
restore(const struct job *j, uint32_t attrs, const struct vf_state *state, struct text *residue)
{
	struct vf_state was = *state;
	struct reason first = {""};
	int ret = 0;

	add_untold(j, attrs & ~was.known, residue);
	attrs &= was.known;
	for (int round = 0; round < 2; round++) {
		uint32_t proven = 0;

		for (int i = VF_ATTR_COUNT - 1; i >= 0; i--) {
			uint32_t bit = 1u << vf_apply_order[i];
			struct reason why = {""};
			const struct job one = {j->h, j->pf, j->vf, j->notes, &why};
			int rc;

			if (!(attrs & bit))
				continue;
			rc = restore_attr(&one, vf_apply_order[i], proven, &was, residue);
			if (rc == 0 && round > 0)
				proven |= bit;
			if (rc < 0)
				attrs &= ~bit;
			if (rc < 0 && ret == 0) {
				ret = rc;
				first = why;
			}
		}
	}
	if (ret < 0 && j->why != NULL)
		*j->why = first;
	return ret;
}

/*
 * Two VFs of one PF with the same address take each other's frames in the NIC's switch. Called when
 * the VF itself does not have it.
 */
static int
check_mac_is_free(const struct job *j, const struct vf_state *want)
{
	struct netdev_facts pf;
	static const uint8_t zero[6];
	struct vf_state other;
	int rc = 0;

	if (memcmp(want->mac, zero, sizeof(zero)) == 0)
		return 0;
	if (j->h->netdev_read(j->h->ctx, j->pf, &pf) == 0 && memcmp(pf.mac, want->mac, 6) == 0)
		return reason_set(
			j->why,
			-EADDRINUSE,
			"%s: the address wanted for VF %u is the PF's own; give another",
			j->pf,
			j->vf
		);
	/* The number behind the last VF ends it. */
	for (uint32_t vf = 0; rc == 0; vf++) {
		rc = j->h->vf_get(j->h->ctx, j->pf, vf, &other, NULL);
		if (rc == 0 && has(&other, VF_ATTR_MAC, want))
			return reason_set(
				j->why,
				-EADDRINUSE,
				"%s: the address wanted for VF %u is that of VF %u; give another",
				j->pf,
				j->vf,
				vf
			);
	}
	return 0;
}

/* Undo after a failure whose reason stands; what is not as before is said behind it. */
static void
undo(const struct job *j, uint32_t attrs, const struct vf_state *was)
{
	struct reason failed = {""}, why = {""};
	const struct job back = {j->h, j->pf, j->vf, NULL, &why};
	struct text residue = TEXT_EMPTY;
	int rc = restore(&back, attrs, was, &residue);

	if (j->why != NULL)
		failed = *j->why;
	/* One line, whatever it was made of. */
	for (size_t i = 0; i < residue.len; i++)
		if (residue.s[i] == '\n')
			residue.s[i] = ' ';
	if (rc < 0 || residue.len > 0)
		reason_set(
			j->why,
			0,
			"%.280s. NOT as before: %.200s",
			failed.text,
			rc < 0 ? why.text : text_str(&residue)
		);
	text_fini(&residue);
}

int
vf_apply(
	const struct sriov_host *h,
	const char *pf,
	uint32_t vf,
	uint32_t attrs,
	const struct vf_state *want,
	uint32_t *ret_changed,
	struct text *notes,
	struct reason *why
)
{
	const struct job j = {h, pf, vf, notes, why};
	struct vf_state to = *want, was, now;
	uint32_t changed = 0, fine = 0;
	int rc;

	*ret_changed = 0;
	to.vf = vf;
	rc = read_patiently(&j, &was);
	if (rc == 0 && (attrs & 1u << VF_ATTR_MAC) && !has(&was, VF_ATTR_MAC, &to))
		rc = check_mac_is_free(&j, &to);
	if (rc < 0)
		return rc;
	now = was;
	for (int i = 0; i < VF_ATTR_COUNT; i++) {
		enum vf_attr attr = vf_apply_order[i];
		bool written;

		if (!(attrs & 1u << attr))
			continue;
		if (!has(&now, attr, &to)) {
			rc = apply_one(&j, attr, fine, &to, &now, &written);
			if (written)
				changed |= 1u << attr;
		}
		if (rc < 0) {
			undo(&j, changed | (attrs & was.known), &was);
			return rc;
		}
		fine |= 1u << attr;
	}
	*ret_changed = changed;
	return 0;
}

int
vf_restore(
	const struct sriov_host *h,
	const char *pf,
	uint32_t attrs,
	const struct vf_state *was,
	struct text *notes,
	struct reason *why
)
{
	const struct job j = {h, pf, was->vf, notes, why};
	struct text residue = TEXT_EMPTY;
	int rc = restore(&j, attrs, was, &residue);

	if (notes != NULL)
		text_puts(notes, text_str(&residue));
	text_fini(&residue);
	return rc;
}

int
vf_pf_ready(
	const struct sriov_host *h, const char *pf, bool raise, bool *ret_raised, struct reason *why
)
{
	struct netdev_facts facts;
	int rc;

	if (pf[0] == '\0' || h->netdev_read(h->ctx, pf, &facts) != 0)
		return reason_set(
			why,
			-ENODEV,
			"%s: the PF has no network device in this namespace; its VFs are set where "
			"it has",
			pf[0] != '\0' ? pf : "VF attributes"
		);
	if (facts.admin_up) {
		*ret_raised = false;
		return 0;
	}
	if (!raise)
		return reason_set(
			why,
			-ENETDOWN,
			"%s: the PF is down, and what is set then is lost without an error; bring "
			"it up first: ip link set %s up",
			pf,
			pf
		);
	rc = h->netdev_up(h->ctx, pf, why);
	if (rc < 0)
		return rc;
	rc = h->netdev_read(h->ctx, pf, &facts);
	if (rc < 0 || !facts.admin_up)
		return reason_set(why, -ENETDOWN, "%s: it was brought up and is down again", pf);
	*ret_raised = true;
	return 0;
}
