/* SPDX-License-Identifier: BSD-3-Clause */
/* The grammar of selectors. See selector.h. */
#include "device_info.h"
#include "names.h"
#include "printable.h"
#include "reason.h"
#include "selector_priv.h"

#include <ctype.h>
#include <errno.h>
#include <net/if_arp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\r\n\v\f"
#define ENV_PREFIX "env:"
#define DEVINFO_PREFIX "devinfo:"

const char *const selector_key_names[] = {
	[SELECTOR_VENDORS] = "vendors",
	[SELECTOR_DEVICES] = "devices",
	[SELECTOR_DRIVERS] = "drivers",
	[SELECTOR_PF_NAMES] = "pfNames",
	[SELECTOR_ROOT_DEVICES] = "rootDevices",
	[SELECTOR_PCI_ADDRESSES] = "pciAddresses",
	[SELECTOR_LINK_TYPES] = "linkTypes",
	[SELECTOR_ACPI_INDEXES] = "acpiIndexes",
};
_Static_assert(
	sizeof(selector_key_names) / sizeof(selector_key_names[0]) == SELECTOR_KEY_COUNT,
	"name every key"
);

static const char *const link_type_names[] = {"ether", "infiniband"};
static const uint16_t link_types[] = {ARPHRD_ETHER, ARPHRD_INFINIBAND};
enum { NB_LINK_TYPES = sizeof(link_type_names) / sizeof(link_type_names[0]) };

/* The word that is read, as it was written. */
struct word {
	const char *text;
	struct reason *why;
};

static int refuse(const struct word *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* "WORD: " and what is wrong with it; returns -EINVAL. */
static int
refuse(const struct word *w, const char *fmt, ...)
{
	char quoted[SELECTOR_QUOTE_BYTES], what[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	printable_copy(quoted, sizeof(quoted), w->text);
	return reason_set(w->why, -EINVAL, "%s: %s", quoted, printable(what));
}

static int
no_memory(const struct word *w)
{
	return reason_set(w->why, -ENOMEM, "no memory for a selector");
}

/* A new item at the end of @list, or NULL. */
static struct selector_item *
add_item(struct selector_list *list)
{
	struct selector_item *items = reallocarray(list->items, list->n + 1, sizeof(*list->items));

	if (items == NULL)
		return NULL;
	list->items = items;
	items[list->n] = (struct selector_item){.kind = SELECTOR_TEXT};
	return &items[list->n++];
}

/* Digits only, at most 65535; *s moves past them. */
static int
take_number(const char **s, uint16_t *ret)
{
	uint32_t v = 0;
	const char *at = *s;

	for (; isdigit((unsigned char)*at) && v <= UINT16_MAX; at++)
		v = v * 10 + (uint32_t)(*at - '0');
	if (at == *s || v > UINT16_MAX)
		return -EINVAL;
	*s = at;
	*ret = (uint16_t)v;
	return 0;
}

static int
add_range(const struct word *w, struct selector_item *item, const char *s)
{
	struct selector_range r, *ranges;
	const char *at = s;
	int rc = take_number(&at, &r.first);

	r.last = r.first;
	if (rc == 0 && *at == '-') {
		at++;
		rc = take_number(&at, &r.last);
	}
	if (rc != 0 || *at != '\0')
		return refuse(w, "\"%s\" is no number 0..65535 of a VF and no range like 0-3", s);
	if (r.first > r.last)
		return refuse(w, "%s is reversed; %u-%u is meant?", s, r.last, r.first);
	for (size_t i = 0; i < item->nb_ranges; i++) {
		const struct selector_range *o = &item->ranges[i];

		if (r.first <= o->last && o->first <= r.last)
			return refuse(
				w, "VF %u is there twice", r.first > o->first ? r.first : o->first
			);
	}
	if (item->nb_ranges == SELECTOR_MAX_RANGES)
		return refuse(w, "more than %d ranges", SELECTOR_MAX_RANGES);
	ranges = reallocarray(item->ranges, item->nb_ranges + 1, sizeof(r));
	if (ranges == NULL)
		return no_memory(w);
	item->ranges = ranges;
	ranges[item->nb_ranges++] = r;
	return 0;
}

/* What a netdev can be called (dev_valid_name), so that it makes no other path. */
static bool
is_netdev_name(const char *s)
{
	if (s[0] == '\0' || strlen(s) >= SELECTOR_NAME_BYTES || strcmp(s, ".") == 0 ||
	    strcmp(s, "..") == 0)
		return false;
	for (; *s != '\0'; s++)
		if (*s == '/' || *s == ':' || (unsigned char)*s <= ' ' || *s == 0x7f)
			return false;
	return true;
}

static int
set_text(const struct word *w, struct selector_item *item, const char *s)
{
	item->text = strdup(s);
	return item->text != NULL ? 0 : no_memory(w);
}

/* The device before a "#", or a whole one. */
static int
read_device(const struct word *w, struct selector_item *item, const char *s, bool numbered)
{
	if (strchr(s, ':') != NULL) {
		item->kind = numbered ? SELECTOR_PF : SELECTOR_FUNCTION;
		return pci_addr_parse(s, &item->addr) == 0
		               ? 0
		               : refuse(w, "\"%s\" is no PCI address like 0000:3b:02.1", s);
	}
	if (!is_netdev_name(s))
		return refuse(
			w, "\"%s\" is neither a PCI address nor the name of a network device", s
		);
	item->kind = numbered ? SELECTOR_PF : SELECTOR_NETDEV;
	return set_text(w, item, s);
}

/* Whether @s, behind NUMBERS and a comma, is one more range. */
static bool
goes_on_with_numbers(const char *s)
{
	size_t len = strcspn(s, ",");

	return (isdigit((unsigned char)*s) || *s == '-') && memchr(s, ':', len) == NULL &&
	       memchr(s, '#', len) == NULL;
}

/* DEVICE{,DEVICE}; @s is cut into pieces. */
static int
read_devices(const struct word *w, struct selector_list *list, char *s)
{
	char *rest = s, *piece, *hash;
	struct selector_item *item;
	int rc = 0;

	while (rc == 0 && rest != NULL) {
		piece = strsep(&rest, ",");
		if (*piece == '\0')
			return refuse(w, "an empty item");
		item = add_item(list);
		if (item == NULL)
			return no_memory(w);
		hash = strchr(piece, '#');
		if (hash != NULL)
			*hash = '\0';
		rc = read_device(w, item, piece, hash != NULL);
		if (hash == NULL)
			continue;
		if (rc == 0)
			rc = add_range(w, item, hash + 1);
		while (rc == 0 && rest != NULL && goes_on_with_numbers(rest))
			rc = add_range(w, item, strsep(&rest, ","));
	}
	return rc;
}

/* A function that the word @w stands for. */
static int
add_function(const struct word *w, struct selector_list *list, const struct pci_addr *addr)
{
	struct selector_item *item = add_item(list);

	if (item == NULL)
		return no_memory(w);
	item->kind = SELECTOR_FUNCTION;
	item->addr = *addr;
	item->from = w->text;
	return 0;
}

static int
read_env(const struct word *w, struct selector_list *list, char *const *environ_)
{
	struct pci_addr *addrs;
	size_t n;
	int rc = resource_devices(environ_, w->text + strlen(ENV_PREFIX), &addrs, &n, w->why);

	if (rc != 0)
		return rc;
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = add_function(w, list, &addrs[i]);
	free(addrs);
	return rc;
}

static int
read_devinfo(const struct word *w, struct selector_list *list)
{
	struct device_info info;
	struct reason what;
	int rc = device_info_read(w->text + strlen(DEVINFO_PREFIX), &info, &what);

	if (rc == 0)
		return add_function(w, list, &info.addr);
	/* It names the path as it was given. */
	return reason_set(w->why, rc, "%s", printable(what.text));
}

/* Each of these reads one item of a key that is no device. */

static int
read_id(const struct word *w, struct selector_item *item, const char *s)
{
	const char *digits = strncasecmp(s, "0x", 2) == 0 ? s + 2 : s;
	size_t len = strspn(digits, "0123456789abcdefABCDEF");

	if (len == 0 || len > 4 || digits[len] != '\0')
		return refuse(w, "\"%s\" is no id of PCI, up to four hex digits as 8086", s);
	item->kind = SELECTOR_NUMBER;
	item->number = (uint32_t)strtoul(digits, NULL, 16);
	return 0;
}

static int
read_link_type(const struct word *w, struct selector_item *item, const char *s)
{
	int i = name_index(link_type_names, NB_LINK_TYPES, s);
	char list[64];

	if (i < 0)
		return refuse(
			w,
			"\"%s\" is no type of link; there are %s",
			s,
			names_join(list, sizeof(list), link_type_names, NB_LINK_TYPES)
		);
	item->kind = SELECTOR_NUMBER;
	item->number = link_types[i];
	return 0;
}

static int
read_items(
	const struct word *w,
	struct selector_list *list,
	char *s,
	int (*read)(const struct word *w, struct selector_item *item, const char *s)
)
{
	char *rest = s;
	int rc = 0;

	while (rc == 0 && rest != NULL) {
		const char *piece = strsep(&rest, ",");
		struct selector_item *item;

		if (*piece == '\0')
			return refuse(w, "an empty item");
		item = add_item(list);
		rc = item != NULL ? read(w, item, piece) : no_memory(w);
	}
	return rc;
}

/* Devices of a key, which takes one way of naming only. */
static int
read_key_devices(const struct word *w, struct selector_list *list, enum selector_key key, char *s)
{
	int rc = read_devices(w, list, s);

	for (size_t i = 0; i < list->n && rc == 0; i++) {
		const struct selector_item *item = &list->items[i];

		if (key == SELECTOR_PF_NAMES && item->text == NULL)
			rc =
				refuse(w,
			               "names of network devices are wanted; addresses of PFs: "
			               "rootDevices=");
		else if (key != SELECTOR_PF_NAMES && item->text != NULL)
			rc =
				refuse(w,
			               "addresses are wanted%s",
			               key == SELECTOR_ROOT_DEVICES ? "; names of PFs: pfNames="
			                                            : "");
		else if (key == SELECTOR_PCI_ADDRESSES && item->kind == SELECTOR_PF)
			rc =
				refuse(w,
			               "addresses of VFs are wanted; VFs of a PF by number: "
			               "rootDevices=");
	}
	for (size_t i = 0; i < list->n && key != SELECTOR_PCI_ADDRESSES; i++)
		list->items[i].kind = SELECTOR_PF;
	return rc;
}

static int
read_key(const struct word *w, struct selector *s, enum selector_key key, char *value)
{
	struct selector_list *list = &s->keys[key];

	if (list->n > 0)
		return refuse(w, "%s is given twice; a list has commas", selector_key_names[key]);
	switch (key) {
	case SELECTOR_VENDORS:
	case SELECTOR_DEVICES:
		return read_items(w, list, value, read_id);
	case SELECTOR_LINK_TYPES:
		return read_items(w, list, value, read_link_type);
	case SELECTOR_PF_NAMES:
	case SELECTOR_ROOT_DEVICES:
	case SELECTOR_PCI_ADDRESSES:
		return read_key_devices(w, list, key, value);
	default: /* drivers, acpiIndexes */
		return read_items(w, list, value, set_text);
	}
}

/* A word of the form KEY=VALUE that is no key of ours. */
static int
read_setting(const struct word *w, struct vf_settings *settings)
{
	struct vf_settings none = {.has_mac = false};
	char list[128];
	struct reason what;
	int rc = vf_settings_word(settings != NULL ? settings : &none, w->text, &what);

	names_join(list, sizeof(list), selector_key_names, SELECTOR_KEY_COUNT);
	if (rc == -ENOENT)
		return refuse(w, "no such key of a selector; there are %s. %s", list, what.text);
	if (rc == 0 && settings == NULL)
		return refuse(w, "settings of a VF have no place here");
	if (rc != 0)
		return reason_set(w->why, rc, "%s", printable(what.text));
	return 0;
}

static int
read_word(
	struct selector *s,
	struct vf_settings *settings,
	char *text,
	char *const *environ_,
	struct reason *why
)
{
	const struct word w = {.text = text, .why = why};
	char *copy, *equals = strchr(text, '=');
	int key, rc;

	if (strncmp(text, ENV_PREFIX, strlen(ENV_PREFIX)) == 0)
		return read_env(&w, &s->named, environ_);
	if (strncmp(text, DEVINFO_PREFIX, strlen(DEVINFO_PREFIX)) == 0)
		return read_devinfo(&w, &s->named);
	copy = strdup(text);
	if (copy == NULL)
		return no_memory(&w);
	if (equals == NULL) {
		rc = read_devices(&w, &s->named, copy);
	} else {
		copy[equals - text] = '\0';
		key = name_index(selector_key_names, SELECTOR_KEY_COUNT, copy);
		rc = key >= 0 ? read_key(&w, s, (enum selector_key)key, copy + (equals - text) + 1)
		              : read_setting(&w, settings);
	}
	free(copy);
	return rc;
}

static bool
has_devices(const struct selector *s)
{
	for (int key = 0; key < SELECTOR_KEY_COUNT; key++)
		if (s->keys[key].n > 0)
			return true;
	return s->named.n > 0;
}

static int
read_words(
	struct selector *s, struct vf_settings *settings, char *const *environ_, struct reason *why
)
{
	char *at = s->words;
	int rc = 0;

	while (rc == 0) {
		at += strspn(at, BLANKS);
		if (*at == '\0')
			break;
		rc = read_word(s, settings, strsep(&at, BLANKS), environ_, why);
		if (at == NULL)
			break;
	}
	if (rc == 0 && !has_devices(s))
		return reason_set(
			why,
			-EINVAL,
			"no VF is named: give an address, PF#N, env:RESOURCE, or keys as pfNames="
		);
	return rc;
}

int
selector_parse(
	struct selector **ret,
	struct vf_settings *settings,
	const char *text,
	char *const *environ_,
	struct reason *why
)
{
	struct selector *s = calloc(1, sizeof(*s));
	struct vf_settings with = {.has_mac = false};
	int rc = -ENOMEM;

	if (settings != NULL)
		with = *settings;
	if (s != NULL) {
		s->text = strdup(text);
		s->words = strdup(text);
	}
	if (s != NULL && s->text != NULL && s->words != NULL)
		rc = read_words(s, settings != NULL ? &with : NULL, environ_, why);
	else
		reason_set(why, rc, "no memory for a selector");
	if (rc != 0) {
		selector_free(s);
		return rc;
	}
	if (settings != NULL)
		*settings = with;
	*ret = s;
	return 0;
}

static void
free_list(struct selector_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		free(list->items[i].text);
		free(list->items[i].ranges);
	}
	free(list->items);
}

struct selector *
selector_free(struct selector *s)
{
	if (s == NULL)
		return NULL;
	for (int key = 0; key < SELECTOR_KEY_COUNT; key++)
		free_list(&s->keys[key]);
	free_list(&s->named);
	free(s->words);
	free(s->text);
	free(s);
	return NULL;
}

bool
selector_is_one_name(const char *word)
{
	return strpbrk(word, "#,=") == NULL && strncmp(word, ENV_PREFIX, strlen(ENV_PREFIX)) != 0 &&
	       strncmp(word, DEVINFO_PREFIX, strlen(DEVINFO_PREFIX)) != 0;
}
