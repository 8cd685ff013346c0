/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libFuzzer target: arbitrary bytes as a selector, and as the device plugin's environment that it
 * may name: lines 2 and 3 are PCIDEVICE_A_B and its _INFO. Run by scripts/test.
 */
#include "device_info.h"
#include "reason.h"
#include "selector.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool holds)
{
	if (!holds)
		abort();
}

/* A reason is one line that a terminal can show. */
static void
check_reason(const struct reason *why)
{
	require(why->text[0] != '\0');
	for (const char *c = why->text; *c != '\0'; c++)
		require((unsigned char)*c >= ' ' && *c != 0x7f);
}

/* The next line of the input behind @prefix, for free(); NULL at the end. */
static char *
take_line(const char **at, const char *end, const char *prefix)
{
	const char *newline;
	char *line;

	if (*at > end)
		return NULL;
	newline = memchr(*at, '\n', (size_t)(end - *at));
	if (newline == NULL)
		newline = end;
	if (asprintf(&line, "%s%.*s", prefix, (int)(newline - *at), *at) < 0)
		line = NULL;
	*at = newline + 1;
	return line;
}

static void
try_selector(const char *text, char *const *env)
{
	struct vf_settings settings = {.has_mac = false}, before = settings;
	struct selector *s = NULL, *again = NULL;
	struct reason why = {""};
	int rc = selector_parse(&s, &settings, text, env, &why);

	if (rc != 0) {
		require(s == NULL && memcmp(&settings, &before, sizeof(settings)) == 0);
		check_reason(&why);
		return;
	}
	/* The same text is read the same, and its settings cannot be given twice. */
	rc = selector_parse(&again, &settings, text, env, &why);
	require(vf_settings_empty(&settings) ? rc == 0 : rc != 0);
	if (rc == 0)
		require(selector_is_exact(s) == selector_is_exact(again));
	selector_free(again);
	selector_free(s);
}

static void
try_resource(const char *resource, char *const *env)
{
	struct pci_addr *addrs = NULL;
	struct reason why = {""};
	size_t n = 0;

	if (resource_devices(env, resource, &addrs, &n, &why) != 0)
		check_reason(&why);
	else
		require(n > 0);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			require(pci_addr_cmp(&addrs[i], &addrs[k]) != 0);
	free(addrs);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *at = (const char *)data, *end = at + size;
	char *text = take_line(&at, end, "");
	char *env[3] = {NULL};

	if (text == NULL)
		return 0;
	env[0] = take_line(&at, end, "PCIDEVICE_A_B=");
	env[1] = env[0] != NULL ? take_line(&at, end, "PCIDEVICE_A_B_INFO=") : NULL;
	try_selector(text, env);
	try_resource("a/b", env);
	try_resource(text, env);
	free(env[1]);
	free(env[0]);
	free(text);
	return 0;
}
