/* SPDX-License-Identifier: BSD-3-Clause */
/* The variables of the SR-IOV device plugin in a pod: PCIDEVICE_... See device_info.h. */
#include "device_info.h"
#include "json_in.h"
#include "printable.h"
#include "reason.h"
#include "text.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VARIABLE_PREFIX "PCIDEVICE_"
#define INFO_SUFFIX "_INFO"

enum { VARIABLE_BYTES = 320 }; /* a prefix is a DNS name (253), a resource's at most 63 */

/* The characters of a DNS name and of the plugin's resourceName. */
static bool
is_resource_char(char c)
{
	return isalnum((unsigned char)c) || c == '.' || c == '-' || c == '_';
}

int
resource_variable(const char *resource, char *buf, size_t size)
{
	const char *slash = strchr(resource, '/');
	size_t len = strlen(resource), at = strlen(VARIABLE_PREFIX);

	if (slash == NULL || slash == resource || slash[1] == '\0')
		return -EINVAL;
	for (const char *c = resource; *c != '\0'; c++)
		if (c != slash && !is_resource_char(*c))
			return -EINVAL;
	if (at + len >= size)
		return -ENAMETOOLONG;
	memcpy(buf, VARIABLE_PREFIX, at);
	for (const char *c = resource; *c != '\0'; c++)
		buf[at++] = *c == '.' || *c == '/' ? '_' : (char)toupper((unsigned char)*c);
	buf[at] = '\0';
	return 0;
}

/* The value of a variable, or NULL. */
static const char *
find_variable(char *const *environ_, const char *name, const char *suffix)
{
	size_t len = strlen(name), more = strlen(suffix);

	for (; environ_ != NULL && *environ_ != NULL; environ_++)
		if (strncmp(*environ_, name, len) == 0 &&
		    strncmp(*environ_ + len, suffix, more) == 0 && (*environ_)[len + more] == '=')
			return *environ_ + len + more + 1;
	return NULL;
}

/* Whether a line of the environment names devices: neither another variable nor an _INFO. */
static bool
is_list(const char *line)
{
	size_t len = strcspn(line, "="), suffix = strlen(INFO_SUFFIX);

	return strncmp(line, VARIABLE_PREFIX, strlen(VARIABLE_PREFIX)) == 0 && line[len] == '=' &&
	       !(len > suffix && strncmp(line + len - suffix, INFO_SUFFIX, suffix) == 0 &&
	         line[len + 1] == '{');
}

static int
no_variable(char *const *environ_, const char *name, struct reason *why)
{
	struct text there = TEXT_EMPTY;

	for (char *const *line = environ_; line != NULL && *line != NULL; line++)
		if (is_list(*line))
			text_printf(
				&there,
				"%s%.*s",
				there.len > 0 ? ", " : "",
				(int)strcspn(*line, "="),
				*line
			);
	reason_set(
		why,
		-ENOENT,
		"%s is not in the environment, which has %s; is the resource requested for this "
		"container?",
		name,
		there.len > 0 ? printable(there.s) : "no " VARIABLE_PREFIX "... at all"
	);
	text_fini(&there);
	return -ENOENT;
}

/* @n: it is none of them. */
static size_t
index_of(const struct pci_addr *addrs, size_t n, const struct pci_addr *addr)
{
	size_t i = 0;

	while (i < n && pci_addr_cmp(&addrs[i], addr) != 0)
		i++;
	return i;
}

/* One item of the list, of @len bytes. */
static int
read_item(
	const char *name,
	const char *item,
	size_t len,
	const struct pci_addr *before,
	size_t n,
	struct pci_addr *ret,
	struct reason *why
)
{
	char word[PCI_ADDR_BYTES] = "", quoted[JSON_IN_QUOTE_BYTES];
	struct pci_addr addr;

	if (len < sizeof(word))
		memcpy(word, item, len);
	if (pci_addr_parse(word, &addr) != 0)
		return reason_set(
			why,
			-EINVAL,
			"%s: %s is no PCI address",
			name,
			json_in_quote(quoted, item, len)
		);
	if (index_of(before, n, &addr) < n)
		return reason_set(why, -EINVAL, "%s names %s twice", name, word);
	*ret = addr;
	return 0;
}

static int
read_list(
	const char *name,
	const char *value,
	struct pci_addr **ret,
	size_t *ret_n,
	struct reason *why
)
{
	struct pci_addr *addrs;
	size_t max = 1, n = 0;
	int rc = 0;

	for (const char *c = value; *c != '\0'; c++)
		max += *c == ',';
	addrs = calloc(max, sizeof(*addrs));
	if (addrs == NULL)
		return reason_set(why, -ENOMEM, "%s: no memory", name);
	for (const char *item = value; rc == 0 && n < max; item += strcspn(item, ",") + 1) {
		rc = read_item(name, item, strcspn(item, ","), addrs, n, &addrs[n], why);
		n++;
	}
	if (rc != 0) {
		free(addrs);
		return rc;
	}
	*ret = addrs;
	*ret_n = n;
	return 0;
}

/* The device that a key of ..._INFO names must be one of the @n, and none before it may have been.
 */
static int
check_info_device(
	const struct json_in *in,
	const char *key,
	const json_t *device,
	const struct pci_addr *addrs,
	size_t n,
	bool *seen,
	struct reason *why
)
{
	struct json_in generic = {.name = in->name, .path = "generic."};
	const struct json_in self = {.object = device, .name = in->name, .path = ""};
	char quoted[JSON_IN_QUOTE_BYTES];
	struct pci_addr addr, same;
	const char *id = NULL;
	size_t i = n;
	int rc;

	json_in_quote(quoted, key, strlen(key));
	if (pci_addr_parse(key, &addr) == 0)
		i = index_of(addrs, n, &addr);
	if (i == n || seen[i])
		return json_in_wrong(
			in, quoted, why, i == n ? "not in the list of devices" : "given twice"
		);
	if (!json_is_object(device))
		return json_in_wrong(in, quoted, why, "an object ({...}) is wanted");
	rc = json_in_object(&self, "generic", &generic.object, why);
	if (rc == 0 && generic.object != NULL)
		rc = json_in_string(&generic, "deviceID", &id, why);
	if (rc == 0 && id != NULL &&
	    (pci_addr_parse(id, &same) != 0 || pci_addr_cmp(&same, &addr) != 0))
		rc = json_in_wrong(&generic, "deviceID", why, "another device than its key");
	seen[i] = rc == 0;
	return rc;
}

static int
check_info_devices(
	const struct json_in *in, const struct pci_addr *addrs, size_t n, struct reason *why
)
{
	json_t *object = (json_t *)in->object, *device; /* iterators take no const */
	bool *seen = calloc(n, sizeof(*seen));
	char name[PCI_ADDR_BYTES];
	const char *key;
	int rc = 0;

	if (seen == NULL)
		return reason_set(why, -ENOMEM, "%s: no memory", in->name);
	json_object_foreach(object, key, device)
	{
		rc = check_info_device(in, key, device, addrs, n, seen, why);
		if (rc != 0)
			break;
	}
	for (size_t i = 0; i < n && rc == 0; i++)
		if (!seen[i])
			rc = json_in_wrong(
				in,
				pci_addr_text(&addrs[i], name),
				why,
				"it is missing, but in the list of devices"
			);
	free(seen);
	return rc;
}

static int
check_info(
	const char *name,
	const char *value,
	const struct pci_addr *addrs,
	size_t n,
	struct reason *why
)
{
	char info[VARIABLE_BYTES + sizeof(INFO_SUFFIX)];
	struct json_in in = {.name = info, .path = ""};
	json_t *object;
	int rc;

	snprintf(info, sizeof(info), "%s" INFO_SUFFIX, name);
	rc = json_in_load(value, strlen(value), info, &object, why);
	if (rc != 0)
		return rc;
	in.object = object;
	rc = check_info_devices(&in, addrs, n, why);
	json_decref(object);
	return rc;
}

static bool
is_variable(const char *s)
{
	while (is_resource_char(*s))
		s++;
	return *s == '\0';
}

static int
choose_variable(const char *resource, char *buf, size_t size, struct reason *why)
{
	char quoted[JSON_IN_QUOTE_BYTES];
	int rc;

	if (strncmp(resource, VARIABLE_PREFIX, strlen(VARIABLE_PREFIX)) != 0)
		rc = resource_variable(resource, buf, size);
	else if (!is_variable(resource))
		rc = -EINVAL;
	else
		rc = snprintf(buf, size, "%s", resource) < (int)size ? 0 : -ENAMETOOLONG;
	if (rc == 0)
		return 0;
	return reason_set(
		why,
		rc,
		"%s: a resource is PREFIX/NAME, as intel.com/vfs_a, or its variable "
		"(" VARIABLE_PREFIX "...)%s",
		json_in_quote(quoted, resource, strlen(resource)),
		rc == -ENAMETOOLONG ? ", and not that long" : ""
	);
}

int
resource_devices(
	char *const *environ_,
	const char *resource,
	struct pci_addr **ret,
	size_t *ret_n,
	struct reason *why
)
{
	char name[VARIABLE_BYTES];
	struct pci_addr *addrs = NULL;
	const char *value, *info;
	size_t n = 0;
	int rc = choose_variable(resource, name, sizeof(name), why);

	if (rc != 0)
		return rc;
	value = find_variable(environ_, name, "");
	if (value == NULL)
		return no_variable(environ_, name, why);
	if (value[0] == '\0')
		return reason_set(why, -EINVAL, "%s is empty: it names no device", name);
	rc = read_list(name, value, &addrs, &n, why);
	if (rc != 0)
		return rc;
	info = find_variable(environ_, name, INFO_SUFFIX);
	if (info != NULL)
		rc = check_info(name, info, addrs, n, why);
	if (rc != 0) {
		free(addrs);
		return rc;
	}
	*ret = addrs;
	*ret_n = n;
	return 0;
}
