/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a user wants of a VF: words to values, and every rule that needs no device. Nil and zero are
 * kept apart: what is not asked for is not touched, "vlan=0" is.
 */
#pragma once

#include "vf_rtnl.h"

#include <stdbool.h>
#include <stdint.h>

struct reason;
struct sriov_host;
struct text;

struct vf_settings {
	/* Which of the fields below were asked for. */
	bool has_mac, has_vlan, has_qos, has_proto, has_min_rate, has_max_rate;
	bool has_spoofchk, has_trust, has_link_state;
	uint8_t mac[6];
	uint16_t vlan;  /* 0..4094 */
	uint8_t qos;    /* 0..7 */
	uint16_t proto; /* ETH_P_8021Q or ETH_P_8021AD, host byte order */
	uint32_t min_tx_rate_mbps, max_tx_rate_mbps;
	bool spoofchk, trust;
	enum vf_link_state link_state;
};

/*
 * One "key=value": mac, vlan, qos, proto (802.1Q, 802.1ad, of either case), spoofchk, trust (on,
 * off), link-state (auto, enable, disable), min-tx-rate, max-tx-rate (Mbit/s). Underscores are as
 * good as dashes. -EINVAL: the value; -ENOENT: no such key. A key given twice is an error.
 */
int vf_settings_word(struct vf_settings *s, const char *word, struct reason *why);

/*
 * What no single word shows: qos or proto without a vlan, min above max. Call it when all words are
 * there. @now: the VF's state, against which a half-given pair is judged; NULL: not known yet, so
 * that half pairs pass, and have to be judged again.
 */
int vf_settings_check(const struct vf_settings *s, const struct vf_state *now, struct reason *why);

bool vf_settings_empty(const struct vf_settings *s);

/* Attributes that @s asks for, 1u << enum vf_attr. */
uint32_t vf_settings_attrs(const struct vf_settings *s);

/*
 * @now with what @s asks for; a half-given pair keeps its other half. But "vlan=0" means none, and
 * takes priority and protocol along.
 */
void
vf_settings_apply(const struct vf_settings *s, const struct vf_state *now, struct vf_state *ret);

/* Whether one attribute of two states, known or not, has the same value to the kernel. */
bool vf_state_same(enum vf_attr attr, const struct vf_state *a, const struct vf_state *b);

/* One attribute as "key=value [key=value...]", for messages, into @buf, which is returned. */
enum { VF_STATE_TEXT_BYTES = 64 };
const char *
vf_state_text(enum vf_attr attr, const struct vf_state *s, char buf[static VF_STATE_TEXT_BYTES]);

/* "key=value key=value" of what was asked. */
void vf_settings_text(const struct vf_settings *s, struct text *ret);

/* The address that a VF gets which nobody gave one: local, unicast, random. */
int vf_random_mac(const struct sriov_host *h, uint8_t ret[6]);
