/* SPDX-License-Identifier: BSD-3-Clause */
/* The configuration of bond-cni, in the words of --bond. See netconf.h. */
#include "linux_bond.h"
#include "names.h"
#include "netconf_priv.h"
#include "parse.h"
#include "reason.h"
#include "text.h"

#include <ctype.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

enum {
	MTU_MIN = 68, /* RFC 791, 3.2: the least that IPv4 takes; the plugin's limit too */
	MTU_MAX = 65535,
};

/* xmit_hash_policy of the kernel (bonding.rst). */
static const char *const policies[] = {
	"layer2",
	"layer3+4",
	"layer2+3",
	"encap2+3",
	"encap3+4",
	"vlan+srcmac",
};
enum { NB_POLICIES = sizeof(policies) / sizeof(policies[0]) };

/* [A-Za-z][A-Za-z0-9_.-]{0,14}, and "all" means all bonds. */
static bool
is_bond_name(const char *s)
{
	if (!isalpha((unsigned char)s[0]) || strlen(s) >= IF_NAMESIZE || strcmp(s, "all") == 0)
		return false;
	for (; *s != '\0'; s++)
		if (!isalnum((unsigned char)*s) && strchr("_.-", *s) == NULL)
			return false;
	return true;
}

/* What the kernel takes as a netdev's name (dev_valid_name), without what no message can show. */
static bool
is_link_name(const char *s)
{
	if (s[0] == '\0' || strlen(s) >= IF_NAMESIZE || strcmp(s, ".") == 0 || strcmp(s, "..") == 0)
		return false;
	for (; *s != '\0'; s++)
		if (*s == '/' || *s == ':' || !isgraph((unsigned char)*s))
			return false;
	return true;
}

static int
read_name(const struct json_in *in, const char *network, struct text *words, struct reason *why)
{
	char quoted[JSON_IN_QUOTE_BYTES];
	const char *name;
	int rc = netconf_string(in, "ifname", &name, why);

	if (rc != 0)
		return rc;
	if (name != NULL && !is_bond_name(name))
		return json_in_wrong(
			in,
			"ifname",
			why,
			"%s cannot name a bond: a letter and up to 14 letters, digits, _, . or - "
			"are wanted, and not \"all\"",
			json_in_quote(quoted, name, strlen(name))
		);
	if (name == NULL)
		name = network != NULL && is_bond_name(network) ? network : "bond0";
	text_puts(words, name);
	return 0;
}

static int
read_mode(const struct json_in *in, struct text *words, int *ret, struct reason *why)
{
	char quoted[JSON_IN_QUOTE_BYTES], list[128];
	const char *value;
	uint16_t number;
	int mode, rc = netconf_string(in, "mode", &value, why);

	if (rc != 0)
		return rc;
	mode = value != NULL ? name_index(linux_bond_mode_names, LINUX_BOND_MODES, value) : -EINVAL;
	if (mode < 0 && value != NULL && parse_u16(value, 0, LINUX_BOND_MODES - 1, &number) == 0)
		mode = number;
	if (mode < 0)
		return json_in_wrong(
			in,
			"mode",
			why,
			"%s; %s or \"0\"..\"%d\" is wanted",
			value != NULL ? json_in_quote(quoted, value, strlen(value))
				      : "it is missing",
			names_join(list, sizeof(list), linux_bond_mode_names, LINUX_BOND_MODES),
			LINUX_BOND_MODES - 1
		);
	text_printf(words, " mode=%s", linux_bond_mode_names[mode]);
	*ret = mode;
	return 0;
}

/* The plugin has it as a string; a number says the same. */
static int
read_miimon(const struct json_in *in, struct text *words, struct reason *why)
{
	char quoted[JSON_IN_QUOTE_BYTES];
	const json_t *value;
	const char *s;
	int64_t number = -1;
	uint32_t ms = 0;
	bool has;
	int rc = json_in_member(in, "miimon", &value, why);

	if (rc != 0 || value == NULL)
		return rc;
	if (json_is_integer(value)) {
		rc = netconf_number(in, "miimon", 0, INT32_MAX, &has, &number, why);
		ms = rc == 0 ? (uint32_t)number : 0;
	} else {
		rc = netconf_string(in, "miimon", &s, why);
		if (rc != 0)
			return json_in_wrong(
				in, "miimon", why, "milliseconds are wanted, as \"100\""
			);
		if (s == NULL)
			return 0;
		if (parse_u32(s, 0, INT32_MAX, &ms) != 0)
			rc = json_in_wrong(
				in,
				"miimon",
				why,
				"%s: milliseconds, 0..%d, are wanted",
				json_in_quote(quoted, s, strlen(s)),
				INT32_MAX
			);
	}
	if (rc == 0)
		text_printf(words, " miimon=%u", ms);
	return rc;
}

static int
read_policy(const struct json_in *in, struct text *words, struct reason *why)
{
	char quoted[JSON_IN_QUOTE_BYTES], list[128];
	const char *value;
	int rc = netconf_string(in, "xmitHashPolicy", &value, why);

	if (rc != 0 || value == NULL)
		return rc;
	if (name_index(policies, NB_POLICIES, value) < 0)
		return json_in_wrong(
			in,
			"xmitHashPolicy",
			why,
			"%s; %s is wanted",
			json_in_quote(quoted, value, strlen(value)),
			names_join(list, sizeof(list), policies, NB_POLICIES)
		);
	text_printf(words, " xmit_hash_policy=%s", value);
	return 0;
}

/* A key whose value is the number that our option takes. */
static int
read_numbered(
	const struct json_in *in,
	const char *key,
	const char *option,
	int64_t max,
	struct text *words,
	struct reason *why
)
{
	int64_t value;
	bool has;
	int rc = netconf_number(in, key, 0, max, &has, &value, why);

	if (rc == 0 && has)
		text_printf(words, " %s=%lld", option, (long long)value);
	return rc;
}

static int
read_tlb(const struct json_in *in, int mode, struct text *words, struct reason *why)
{
	static const char key[] = "tlbDynamicLb";
	int64_t value;
	bool has;
	int rc = netconf_number(in, key, 0, 1, &has, &value, why);

	if (rc != 0 || !has)
		return rc;
	if (mode != LINUX_BOND_TLB && mode != LINUX_BOND_ALB)
		return json_in_wrong(
			in,
			key,
			why,
			"only %s and %s have it, not %s",
			linux_bond_mode_names[LINUX_BOND_TLB],
			linux_bond_mode_names[LINUX_BOND_ALB],
			linux_bond_mode_names[mode]
		);
	text_printf(words, " tlb_dynamic_lb=%lld", (long long)value);
	return 0;
}

/* To the plugin 0 is the same as none. */
static int
read_mtu(const struct json_in *in, uint32_t *ret, struct reason *why)
{
	int64_t mtu = 0;
	bool has;
	int rc = json_in_integer(in, "mtu", &has, &mtu, why);

	if (rc == 0 && mtu != 0)
		rc = netconf_number(in, "mtu", MTU_MIN, MTU_MAX, &has, &mtu, why);
	if (rc == 0)
		*ret = (uint32_t)mtu;
	return rc;
}

static int
read_link(
	const struct json_in *in,
	const json_t *links,
	size_t i,
	struct netconf_bond *bond,
	struct reason *why
)
{
	char quoted[JSON_IN_QUOTE_BYTES], path[64];
	struct json_in link = {.name = in->name, .path = path};
	const char *name;
	int rc;

	snprintf(path, sizeof(path), "%slinks[%zu].", in->path, i);
	link.object = json_array_get(links, i);
	if (!json_is_object(link.object))
		return json_in_wrong(in, "links", why, "item %zu is no object ({...})", i);
	rc = netconf_string(&link, "name", &name, why);
	if (rc != 0)
		return rc;
	if (name == NULL)
		return json_in_wrong(&link, "name", why, "it is missing");
	json_in_quote(quoted, name, strlen(name));
	if (!is_link_name(name))
		return json_in_wrong(&link, "name", why, "%s is no name of a link", quoted);
	for (unsigned n = 0; n < bond->nb_links; n++)
		if (strcmp(bond->links[n], name) == 0)
			return json_in_wrong(&link, "name", why, "%s is there twice", quoted);
	strcpy(bond->links[bond->nb_links++], name);
	return 0;
}

static int
read_links(const struct json_in *in, struct netconf_bond *bond, struct reason *why)
{
	const json_t *links;
	bool in_container; /* where the plugin looks for the links: not ours to move */
	int rc = json_in_bool(in, "linksInContainer", &in_container, why);
	size_t n;

	if (rc == 0)
		rc = json_in_array(in, "links", &links, why);
	if (rc != 0)
		return rc;
	n = json_array_size(links);
	if (n < 2 || n > NETCONF_MAX_LINKS)
		return json_in_wrong(
			in, "links", why, "%zu, and a bond wants 2..%d", n, NETCONF_MAX_LINKS
		);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = read_link(in, links, i, bond, why);
	return rc;
}

static int
read_words(const struct json_in *in, const char *network, struct text *words, struct reason *why)
{
	int mode = 0, rc = read_name(in, network, words, why);

	if (rc == 0)
		rc = read_mode(in, words, &mode, why);
	if (rc == 0)
		rc = read_miimon(in, words, why);
	if (rc == 0)
		rc = read_numbered(in, "failOverMac", "fail_over_mac", 2, words, why);
	if (rc == 0)
		rc = read_policy(in, words, why);
	if (rc == 0)
		rc = read_numbered(in, "allSlavesActive", "all_slaves_active", 1, words, why);
	if (rc == 0)
		rc = read_tlb(in, mode, words, why);
	return rc;
}

int
netconf_bond_parse(
	const struct json_in *in, const char *network, struct netconf_bond *ret, struct reason *why
)
{
	struct text words = TEXT_EMPTY;
	int rc = read_words(in, network, &words, why);

	if (rc == 0)
		rc = read_mtu(in, &ret->mtu, why);
	if (rc == 0)
		rc = read_links(in, ret, why);
	if (rc == 0 && (words.no_mem || words.len >= sizeof(ret->words)))
		rc = reason_set(why, -ENOMEM, "%s: no memory", in->name);
	if (rc == 0)
		strcpy(ret->words, text_str(&words));
	text_fini(&words);
	return rc;
}
