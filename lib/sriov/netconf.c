/* SPDX-License-Identifier: BSD-3-Clause */
/* Which plugin's configuration it is, and that of sriov-cni. See netconf.h. */
#include "netconf.h"

#include "netconf_priv.h"
#include "printable.h"
#include "reason.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <stdio.h>
#include <string.h>

#define TYPE_VF "sriov"
#define TYPE_BOND "bond"

int
netconf_string(const struct json_in *in, const char *key, const char **ret, struct reason *why)
{
	int rc = json_in_string(in, key, ret, why);

	if (rc == 0 && *ret != NULL && (*ret)[0] == '\0')
		*ret = NULL;
	return rc;
}

int
netconf_number(
	const struct json_in *in,
	const char *key,
	int64_t min,
	int64_t max,
	bool *ret_has,
	int64_t *ret,
	struct reason *why
)
{
	int64_t v = min;
	int rc = json_in_integer(in, key, ret_has, &v, why);

	if (rc == 0 && (v < min || v > max))
		rc = json_in_wrong(
			in,
			key,
			why,
			"%lld is not in %lld..%lld",
			(long long)v,
			(long long)min,
			(long long)max
		);
	if (rc == 0)
		*ret = v;
	return rc;
}

/* A key of sriov-cni and what we call it. */
struct vf_key {
	const char *key, *word;
	bool is_number;
};

/* The value through vf_settings_word, so that its rules hold here too. */
static int
read_setting(
	const struct json_in *in, const struct vf_key *k, struct vf_settings *s, struct reason *why
)
{
	char word[128], quoted[JSON_IN_QUOTE_BYTES];
	const char *value = NULL;
	struct reason what;
	bool has = false;
	int64_t number;
	int n, rc;

	if (k->is_number)
		rc = netconf_number(in, k->key, 0, UINT32_MAX, &has, &number, why);
	else
		rc = netconf_string(in, k->key, &value, why);
	if (rc != 0 || (value == NULL && !has))
		return rc;
	n = has ? snprintf(word, sizeof(word), "%s=%lld", k->word, (long long)number)
	        : snprintf(word, sizeof(word), "%s=%s", k->word, value);
	if (n >= (int)sizeof(word))
		return json_in_wrong(
			in,
			k->key,
			why,
			"%s is too long",
			json_in_quote(quoted, value, strlen(value))
		);
	if (vf_settings_word(s, word, &what) == 0)
		return 0;
	return json_in_wrong(in, k->key, why, "%s", printable(what.text));
}

/* runtimeConfig is what the runtime decided for this one pod, and goes before mac. */
static int
read_mac(const struct json_in *in, struct vf_settings *s, struct reason *why)
{
	static const struct vf_key mac = {.key = "mac", .word = "mac"};
	struct json_in runtime = {.name = in->name, .path = "runtimeConfig."};
	struct vf_settings given = {.has_mac = false}, decided = {.has_mac = false};
	int rc = json_in_object(in, "runtimeConfig", &runtime.object, why);

	if (rc == 0)
		rc = read_setting(in, &mac, &given, why);
	if (rc == 0 && runtime.object != NULL)
		rc = read_setting(&runtime, &mac, &decided, why);
	if (rc != 0)
		return rc;
	if (!decided.has_mac)
		decided = given;
	s->has_mac = decided.has_mac;
	memcpy(s->mac, decided.mac, sizeof(s->mac));
	return 0;
}

/* What no key shows alone. The plugin never looks at the VLAN that the VF has already. */
static int
check_vlan(const struct json_in *in, const struct vf_settings *s, struct reason *why)
{
	const char *needs = s->has_vlan ? "it needs a vlan of 1..4094, and vlan is 0"
	                                : "it needs a vlan, and none is given";
	bool tagged = s->has_vlan && s->vlan != 0;

	if (s->has_qos && (!s->has_vlan || (!tagged && s->qos != 0)))
		return json_in_wrong(in, "vlanQoS", why, "%s", needs);
	if (s->has_proto && (!s->has_vlan || (!tagged && s->proto != ETH_P_8021Q)))
		return json_in_wrong(in, "vlanProto", why, "%s", needs);
	return 0;
}

static int
read_settings(const struct json_in *in, struct vf_settings *s, struct reason *why)
{
	static const struct vf_key keys[] = {
		{"vlan", "vlan", true},
		{"vlanQoS", "qos", true},
		{"vlanProto", "proto", false},
		{"spoofchk", "spoofchk", false},
		{"trust", "trust", false},
		{"link_state", "link-state", false},
		{"min_tx_rate", "min-tx-rate", true},
		{"max_tx_rate", "max-tx-rate", true},
	};
	int rc = read_mac(in, s, why);

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]) && rc == 0; i++)
		rc = read_setting(in, &keys[i], s, why);
	if (rc == 0)
		rc = check_vlan(in, s, why);
	if (rc == 0) {
		rc = vf_settings_check(s, NULL, why);
		if (rc != 0)
			reason_prefix(why, in->name);
	}
	return rc;
}

int
netconf_vf_parse(
	const struct json_in *in, const char *network, struct netconf_vf *ret, struct reason *why
)
{
	char quoted[JSON_IN_QUOTE_BYTES];
	const char *addr;
	int rc = netconf_string(in, "deviceID", &addr, why);

	if (rc != 0)
		return rc;
	ret->has_addr = addr != NULL;
	if (addr != NULL && pci_addr_parse(addr, &ret->addr) != 0)
		return json_in_wrong(
			in,
			"deviceID",
			why,
			"%s is no PCI address like 0000:3b:02.1",
			json_in_quote(quoted, addr, strlen(addr))
		);
	if (network != NULL && strlen(network) < sizeof(ret->name))
		printable(strcpy(ret->name, network));
	return read_settings(in, &ret->settings, why);
}

/* One configuration. -ENOENT: its type is none of ours; @ret_type is it, or NULL. */
static int
parse_one(
	const struct json_in *in,
	const char *network,
	const char **ret_type,
	struct netconf *ret,
	struct reason *why
)
{
	const char *name;
	int rc = netconf_string(in, "type", ret_type, why);

	if (rc == 0)
		rc = netconf_string(in, "name", &name, why);
	if (rc != 0)
		return rc;
	if (name == NULL)
		name = network;
	if (*ret_type != NULL && strcmp(*ret_type, TYPE_VF) == 0)
		return netconf_vf_parse(in, name, &ret->vf, why);
	if (*ret_type == NULL || strcmp(*ret_type, TYPE_BOND) != 0)
		return -ENOENT;
	ret->is_bond = true;
	return netconf_bond_parse(in, name, &ret->bond, why);
}

static int
parse_list(const struct json_in *in, const json_t *plugins, struct netconf *ret, struct reason *why)
{
	const char *network, *type;
	int rc = netconf_string(in, "name", &network, why);

	for (size_t i = 0; rc == 0 && i < json_array_size(plugins); i++) {
		char path[32];
		struct json_in plugin = {.name = in->name, .path = path};

		snprintf(path, sizeof(path), "plugins[%zu].", i);
		plugin.object = json_array_get(plugins, i);
		if (!json_is_object(plugin.object))
			return json_in_wrong(
				in, "plugins", why, "item %zu is no object ({...})", i
			);
		rc = parse_one(&plugin, network, &type, ret, why);
		if (rc != -ENOENT)
			return rc;
		rc = 0;
	}
	if (rc != 0)
		return rc;
	return json_in_wrong(
		in, "plugins", why, "none is of type \"" TYPE_VF "\" or \"" TYPE_BOND "\""
	);
}

static int
parse_object(const struct json_in *in, struct netconf *ret, struct reason *why)
{
	char quoted[JSON_IN_QUOTE_BYTES];
	const json_t *plugins;
	const char *type;
	int rc = json_in_array(in, "plugins", &plugins, why);

	if (rc != 0)
		return rc;
	if (plugins != NULL)
		return parse_list(in, plugins, ret, why);
	rc = parse_one(in, NULL, &type, ret, why);
	if (rc != -ENOENT)
		return rc;
	return json_in_wrong(
		in,
		"type",
		why,
		"%s; \"" TYPE_VF "\" and \"" TYPE_BOND "\" are known",
		type == NULL ? "it is missing" : json_in_quote(quoted, type, strlen(type))
	);
}

int
netconf_parse(
	const char *json, size_t len, const char *name, struct netconf *ret, struct reason *why
)
{
	struct json_in in = {.name = name, .path = ""};
	struct netconf conf = {.is_bond = false};
	json_t *object;
	int rc = json_in_load(json, len, name, &object, why);

	if (rc != 0)
		return rc;
	in.object = object;
	rc = parse_object(&in, &conf, why);
	json_decref(object);
	if (rc == 0)
		*ret = conf;
	return rc;
}
