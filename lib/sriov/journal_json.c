/* SPDX-License-Identifier: BSD-3-Clause */
/* See journal_json.h. */
#include "journal_json.h"

#include "driver_bind.h"
#include "names.h"
#include "parse.h"
#include "reason.h"
#include "text.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <linux/if_ether.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Another number: a record of another version of this program, which is not touched. */
enum { RECORD_FORMAT = 1 };

/* What is known of a VF and what is asked of it have the same words, each there or not. */
static void
state_as_settings(const struct vf_state *s, struct vf_settings *ret)
{
	bool vlan = (s->known & 1u << VF_ATTR_VLAN) != 0;
	bool rate = (s->known & 1u << VF_ATTR_RATE) != 0;

	*ret = (struct vf_settings){
		.has_mac = (s->known & 1u << VF_ATTR_MAC) != 0,
		.has_vlan = vlan,
		.has_qos = vlan,
		.has_proto = vlan,
		.has_min_rate = rate,
		.has_max_rate = rate,
		.has_spoofchk = (s->known & 1u << VF_ATTR_SPOOFCHK) != 0,
		.has_trust = (s->known & 1u << VF_ATTR_TRUST) != 0,
		.has_link_state = (s->known & 1u << VF_ATTR_LINK_STATE) != 0,
		.vlan = s->vlan,
		.qos = s->qos,
		.proto = s->vlan_proto,
		.min_tx_rate_mbps = s->min_tx_rate_mbps,
		.max_tx_rate_mbps = s->max_tx_rate_mbps,
		.spoofchk = s->spoofchk,
		.trust = s->trust,
		.link_state = s->link_state,
	};
	memcpy(ret->mac, s->mac, sizeof(ret->mac));
}

static void
settings_as_state(const struct vf_settings *s, uint16_t vf, struct vf_state *ret)
{
	*ret = (struct vf_state){
		.vf = vf,
		.known = vf_settings_attrs(s),
		.vlan = s->vlan,
		.qos = s->qos,
		.vlan_proto = s->proto,
		.min_tx_rate_mbps = s->min_tx_rate_mbps,
		.max_tx_rate_mbps = s->max_tx_rate_mbps,
		.spoofchk = s->spoofchk,
		.trust = s->trust,
		.link_state = s->link_state,
	};
	memcpy(ret->mac, s->mac, sizeof(ret->mac));
}

static json_t *
pack_settings(const struct vf_settings *s)
{
	char mac[18];

	snprintf(
		mac,
		sizeof(mac),
		"%02x:%02x:%02x:%02x:%02x:%02x",
		s->mac[0],
		s->mac[1],
		s->mac[2],
		s->mac[3],
		s->mac[4],
		s->mac[5]
	);
	return json_pack(
		"{s:o*, s:o*, s:o*, s:o*, s:o*, s:o*, s:o*, s:o*, s:o*}",
		"mac",
		s->has_mac ? json_string(mac) : NULL,
		"vlan",
		s->has_vlan ? json_integer(s->vlan) : NULL,
		"qos",
		s->has_qos ? json_integer(s->qos) : NULL,
		"proto",
		s->has_proto ? json_integer(s->proto) : NULL,
		"min_tx_rate_mbps",
		s->has_min_rate ? json_integer(s->min_tx_rate_mbps) : NULL,
		"max_tx_rate_mbps",
		s->has_max_rate ? json_integer(s->max_tx_rate_mbps) : NULL,
		"spoofchk",
		s->has_spoofchk ? json_boolean(s->spoofchk) : NULL,
		"trust",
		s->has_trust ? json_boolean(s->trust) : NULL,
		"link_state",
		s->has_link_state ? json_string(vf_link_state_names[s->link_state]) : NULL
	);
}

static json_t *
pack_attrs(uint32_t attrs)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < VF_ATTR_COUNT; i++)
		if ((attrs & 1u << i) != 0)
			json_array_append_new(list, json_string(vf_attr_names[i]));
	return list;
}

static json_t *
pack_record(const struct claim_record *r)
{
	char addr[PCI_ADDR_BYTES], pf[PCI_ADDR_BYTES];
	struct vf_settings was;

	state_as_settings(&r->was_state, &was);
	return json_pack(
		"{s:i, s:s, s:o*, s:i, s:I, s:{s:i, s:I, s:s, s:s}, s:{s:s, s:s}, s:o, s:o, s:b, "
		"s:b, s:b, s:s, s:o}",
		"format",
		RECORD_FORMAT,
		"address",
		pci_addr_text(&r->addr, addr),
		"pf",
		r->pf_known ? json_string(pci_addr_text(&r->pf, pf)) : NULL,
		"vf",
		r->vf_index,
		"since",
		(json_int_t)r->since_s,
		"owner",
		"pid",
		(int)r->owner.pid,
		"start_ticks",
		(json_int_t)r->owner.start_ticks,
		"boot_id",
		r->owner.boot_id,
		"command",
		r->owner.command,
		"was",
		"driver",
		r->was.driver,
		"override",
		r->was.override,
		"was_state",
		pack_settings(&was),
		"attrs",
		pack_attrs(r->attrs),
		"binds",
		r->binds,
		"raised_pf",
		r->raised_pf,
		"complete",
		r->complete,
		"driver",
		r->driver,
		"settings",
		pack_settings(&r->settings)
	);
}

int
record_to_json(const struct claim_record *r, struct text *ret)
{
	json_t *o = pack_record(r);
	char *s;

	if (o == NULL)
		return -EINVAL;
	s = json_dumps(o, JSON_INDENT(2));
	json_decref(o);
	if (s == NULL)
		return -ENOMEM;
	text_printf(ret, "%s\n", s);
	free(s);
	return ret->no_mem ? -ENOMEM : 0;
}

/* Takes values out of objects until the first that is wrong. */
struct reader {
	int rc;
	struct reason *why;
};

static void
wrong(struct reader *r, const char *key, const char *what)
{
	if (r->rc == 0)
		r->rc = reason_set(r->why, -EBADMSG, "\"%s\" %s", key, what);
}

/* NULL when it is absent, which only an @optional one may be. */
static json_t *
take(struct reader *r, json_t *o, const char *key, json_type type, bool optional)
{
	json_t *v = json_object_get(o, key);

	if (v == NULL) {
		if (!optional)
			wrong(r, key, "is missing");
		return NULL;
	}
	if (json_typeof(v) == type)
		return v;
	wrong(r, key, "is of the wrong kind");
	return NULL;
}

/* False also when it is absent; then @ret stays. */
static bool
take_int(struct reader *r, json_t *o, const char *key, bool optional, int64_t max, int64_t *ret)
{
	json_t *v = take(r, o, key, JSON_INTEGER, optional);

	if (v == NULL)
		return false;
	if (json_integer_value(v) < 0 || json_integer_value(v) > max) {
		wrong(r, key, "is out of range");
		return false;
	}
	*ret = json_integer_value(v);
	return true;
}

static bool
take_bool(struct reader *r, json_t *o, const char *key, bool optional, bool *ret)
{
	json_t *v = json_object_get(o, key);

	if (v == NULL && optional)
		return false;
	if (!json_is_boolean(v)) {
		wrong(r, key, v == NULL ? "is missing" : "is of the wrong kind");
		return false;
	}
	*ret = json_boolean_value(v);
	return true;
}

static void
take_text(struct reader *r, json_t *o, const char *key, char *buf, size_t size)
{
	json_t *v = take(r, o, key, JSON_STRING, false);

	if (v == NULL)
		return;
	if (json_string_length(v) >= size)
		wrong(r, key, "is too long");
	else
		snprintf(buf, size, "%s", json_string_value(v));
}

/* "" or what can be a driver's name: it becomes part of a path. */
static void
take_driver(struct reader *r, json_t *o, const char *key, char *buf, size_t size)
{
	take_text(r, o, key, buf, size);
	if (r->rc == 0 && buf[0] != '\0' && !driver_name_ok(buf))
		wrong(r, key, "is no driver's name");
}

static bool
take_address(struct reader *r, json_t *o, const char *key, bool optional, struct pci_addr *ret)
{
	json_t *v = take(r, o, key, JSON_STRING, optional);

	if (v == NULL)
		return false;
	if (pci_addr_parse(json_string_value(v), ret) == 0)
		return true;
	wrong(r, key, "is no PCI address");
	return false;
}

static void
take_words(struct reader *r, json_t *o, struct vf_settings *ret)
{
	json_t *v = take(r, o, "mac", JSON_STRING, true);
	int i;

	if (v != NULL) {
		ret->has_mac = parse_mac(json_string_value(v), ret->mac) == 0;
		if (!ret->has_mac)
			wrong(r, "mac", "is no MAC address");
	}
	v = take(r, o, "link_state", JSON_STRING, true);
	if (v != NULL) {
		i = name_index(vf_link_state_names, VF_LINK_COUNT, json_string_value(v));
		ret->has_link_state = i >= 0;
		if (i < 0)
			wrong(r, "link_state", "is none of auto, enable, disable");
		else
			ret->link_state = (enum vf_link_state)i;
	}
}

static void
take_settings(struct reader *r, json_t *from, const char *key, struct vf_settings *ret)
{
	json_t *o = take(r, from, key, JSON_OBJECT, false);
	int64_t vlan = 0, qos = 0, proto = 0, min = 0, max = 0;

	*ret = (struct vf_settings){0};
	if (o == NULL)
		return;
	take_words(r, o, ret);
	ret->has_vlan = take_int(r, o, "vlan", true, 4095, &vlan);
	ret->has_qos = take_int(r, o, "qos", true, 7, &qos);
	ret->has_proto = take_int(r, o, "proto", true, UINT16_MAX, &proto);
	ret->has_min_rate = take_int(r, o, "min_tx_rate_mbps", true, UINT32_MAX, &min);
	ret->has_max_rate = take_int(r, o, "max_tx_rate_mbps", true, UINT32_MAX, &max);
	ret->has_spoofchk = take_bool(r, o, "spoofchk", true, &ret->spoofchk);
	ret->has_trust = take_bool(r, o, "trust", true, &ret->trust);
	if (proto != 0 && proto != ETH_P_8021Q && proto != ETH_P_8021AD)
		wrong(r, "proto", "is no protocol of VLANs");
	ret->vlan = (uint16_t)vlan;
	ret->qos = (uint8_t)qos;
	ret->proto = (uint16_t)proto;
	ret->min_tx_rate_mbps = (uint32_t)min;
	ret->max_tx_rate_mbps = (uint32_t)max;
}

static void
take_attrs(struct reader *r, json_t *o, uint32_t *ret)
{
	json_t *list = take(r, o, "attrs", JSON_ARRAY, false);
	uint32_t attrs = 0;
	json_t *v;
	size_t at;
	int i;

	json_array_foreach(list, at, v)
	{
		i = json_is_string(v)
		            ? name_index(vf_attr_names, VF_ATTR_COUNT, json_string_value(v))
		            : -EINVAL;
		if (i < 0)
			wrong(r, "attrs", "holds what is no attribute of a VF");
		else
			attrs |= 1u << i;
	}
	*ret = attrs;
}

static void
take_owner(struct reader *r, json_t *from, struct claim_owner *ret)
{
	json_t *o = take(r, from, "owner", JSON_OBJECT, false);
	int64_t pid = 0, ticks = 0;

	if (o == NULL)
		return;
	take_int(r, o, "pid", false, INT32_MAX, &pid);
	take_int(r, o, "start_ticks", false, INT64_MAX, &ticks);
	take_text(r, o, "boot_id", ret->boot_id, sizeof(ret->boot_id));
	take_text(r, o, "command", ret->command, sizeof(ret->command));
	ret->pid = (pid_t)pid;
	ret->start_ticks = (uint64_t)ticks;
}

/* That it can be undone as it says, and is that of the function it should be. */
static void
check_whole(struct reader *r, const struct claim_record *c, const struct pci_addr *addr)
{
	char name[PCI_ADDR_BYTES];
	struct pci_addr said = c->addr;

	if (r->rc != 0)
		return;
	if (pci_addr_cmp(&said, addr) != 0)
		r->rc = reason_set(
			r->why,
			-EBADMSG,
			"it is the record of another function: %s",
			pci_addr_text(&said, name)
		);
	else if ((c->attrs & ~c->was_state.known) != 0)
		wrong(r, "was_state", "lacks what \"attrs\" says was changed");
	else if (c->attrs != 0 && !c->pf_known)
		wrong(r, "pf", "is missing, though attributes were changed through it");
	else if (c->driver[0] == '\0')
		wrong(r, "driver", "is empty");
}

static void
take_record(struct reader *r, json_t *o, struct claim_record *c)
{
	int64_t format = 0, vf = 0, since = 0;
	struct vf_settings was;
	json_t *binding;

	if (!take_int(r, o, "format", false, INT32_MAX, &format) || format != RECORD_FORMAT) {
		wrong(r, "format", "is not that of this version of the program");
		return;
	}
	take_address(r, o, "address", false, &c->addr);
	c->pf_known = take_address(r, o, "pf", true, &c->pf);
	take_int(r, o, "vf", false, UINT16_MAX, &vf);
	take_int(r, o, "since", false, INT64_MAX, &since);
	take_owner(r, o, &c->owner);
	binding = take(r, o, "was", JSON_OBJECT, false);
	if (binding != NULL) {
		take_driver(r, binding, "driver", c->was.driver, sizeof(c->was.driver));
		take_driver(r, binding, "override", c->was.override, sizeof(c->was.override));
	}
	take_settings(r, o, "was_state", &was);
	if (was.has_vlan != was.has_qos || was.has_vlan != was.has_proto ||
	    was.has_min_rate != was.has_max_rate)
		wrong(r, "was_state", "holds half of an attribute");
	take_attrs(r, o, &c->attrs);
	take_bool(r, o, "binds", false, &c->binds);
	take_bool(r, o, "raised_pf", false, &c->raised_pf);
	take_bool(r, o, "complete", false, &c->complete);
	take_driver(r, o, "driver", c->driver, sizeof(c->driver));
	take_settings(r, o, "settings", &c->settings);
	c->vf_index = (uint16_t)vf;
	c->since_s = (uint64_t)since;
	settings_as_state(&was, c->vf_index, &c->was_state);
}

int
record_from_json(
	const char *json,
	size_t len,
	const struct pci_addr *addr,
	struct claim_record *ret,
	struct reason *why
)
{
	struct reader r = {.why = why};
	struct claim_record c = {0};
	json_error_t err;
	json_t *o = json_loadb(json, len, JSON_REJECT_DUPLICATES, &err);

	if (o == NULL)
		return reason_set(
			why, -EBADMSG, "line %d, column %d: %s", err.line, err.column, err.text
		);
	if (json_is_object(o))
		take_record(&r, o, &c);
	else
		r.rc = reason_set(why, -EBADMSG, "it is no object");
	json_decref(o);
	check_whole(&r, &c, addr);
	if (r.rc == 0)
		*ret = c;
	return r.rc;
}
