/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libFuzzer target: arbitrary bytes as a configuration of sriov-cni or bond-cni, and as a
 * device-info file. Run by scripts/test.
 */
#include "device_info.h"
#include "netconf.h"
#include "reason.h"
#include "text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool holds)
{
	if (!holds)
		abort();
}

static void
check_reason(const struct reason *why)
{
	require(why->text[0] != '\0');
	for (const char *c = why->text; *c != '\0'; c++)
		require((unsigned char)*c >= ' ' && *c != 0x7f);
}

/* What vfctl and vfbond go on with. */
static void
check_vf(const struct netconf_vf *vf)
{
	struct vf_settings again = {.has_mac = false};
	struct text words = TEXT_EMPTY;
	char *rest, *word;

	require(strnlen(vf->name, sizeof(vf->name)) < sizeof(vf->name));
	require(vf_settings_check(&vf->settings, NULL, NULL) == 0);
	vf_settings_text(&vf->settings, &words);
	rest = words.s;
	while (rest != NULL && (word = strsep(&rest, " ")) != NULL)
		require(*word == '\0' || vf_settings_word(&again, word, NULL) == 0);
	require(vf_settings_attrs(&again) == vf_settings_attrs(&vf->settings));
	text_fini(&words);
}

static void
check_bond(const struct netconf_bond *bond)
{
	require(strnlen(bond->words, sizeof(bond->words)) < sizeof(bond->words));
	require(strstr(bond->words, " mode=") != NULL);
	for (const char *c = bond->words; *c != '\0'; c++)
		require(*c >= ' ' && *c < 0x7f);
	require(bond->mtu == 0 || (bond->mtu >= 68 && bond->mtu <= 65535));
	require(bond->nb_links >= 2 && bond->nb_links <= NETCONF_MAX_LINKS);
	for (unsigned i = 0; i < bond->nb_links; i++) {
		require(strnlen(bond->links[i], sizeof(bond->links[i])) < sizeof(bond->links[i]));
		for (unsigned k = 0; k < i; k++)
			require(strcmp(bond->links[i], bond->links[k]) != 0);
	}
}

static void
try_netconf(const char *json, size_t len)
{
	struct reason why = {""};
	struct netconf c;

	if (netconf_parse(json, len, "f", &c, &why) != 0)
		check_reason(&why);
	else if (c.is_bond)
		check_bond(&c.bond);
	else
		check_vf(&c.vf);
}

/* What was read is written so that it is read the same. */
static void
try_device_info(const char *json, size_t len)
{
	struct device_info d = {.has_pf = false}, again = d;
	struct text line = TEXT_EMPTY, same = TEXT_EMPTY;
	struct reason why = {""};

	if (device_info_parse(json, len, "f", &d, &why) != 0) {
		check_reason(&why);
		return;
	}
	require(device_info_text(&d, &line) == 0);
	require(device_info_parse(line.s, line.len, "f", &again, &why) == 0);
	require(device_info_text(&again, &same) == 0);
	require(strcmp(line.s, same.s) == 0);
	text_fini(&same);
	text_fini(&line);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* As much as there is, without a NUL behind it, for the sanitizer to see. */
	char *json = malloc(size > 0 ? size : 1);

	if (json == NULL)
		return 0;
	memcpy(json, data, size);
	try_netconf(json, size);
	try_device_info(json, size);
	free(json);
	return 0;
}
