/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of selector.h share: the words of a selector, read but not looked up yet. */
#pragma once

#include "selector.h"

enum {
	SELECTOR_MAX_RANGES = 256,
	SELECTOR_NAME_BYTES = 16,  /* IFNAMSIZ */
	SELECTOR_QUOTE_BYTES = 80, /* of a word in a message */
};

enum selector_kind {
	SELECTOR_FUNCTION, /* @addr itself */
	SELECTOR_NETDEV,   /* netdev @text: of a VF, or of a PF whose VFs are meant */
	SELECTOR_PF,       /* VFs of the PF at @addr or, when @text is given, with that netdev */
	SELECTOR_TEXT,     /* a driver, an ACPI index */
	SELECTOR_NUMBER,   /* an id, a link type as /sys/class/net/X/type has it */
};

struct selector_range {
	uint16_t first, last;
};

struct selector_item {
	enum selector_kind kind;
	const char *from; /* FUNCTION: the word that it comes from; NULL: itself */
	char *text;       /* NULL where @addr or @number holds */
	struct pci_addr addr;
	uint32_t number;
	struct selector_range *ranges;
	size_t nb_ranges; /* 0: all VFs */
};

struct selector_list {
	struct selector_item *items;
	size_t n;
};

enum selector_key {
	SELECTOR_VENDORS,
	SELECTOR_DEVICES,
	SELECTOR_DRIVERS,
	SELECTOR_PF_NAMES,
	SELECTOR_ROOT_DEVICES,
	SELECTOR_PCI_ADDRESSES,
	SELECTOR_LINK_TYPES,
	SELECTOR_ACPI_INDEXES,
	SELECTOR_KEY_COUNT,
};
extern const char *const selector_key_names[SELECTOR_KEY_COUNT];

struct selector {
	char *text;  /* as written, for messages */
	char *words; /* the same in words, where items[].from points to */
	struct selector_list named;
	struct selector_list keys[SELECTOR_KEY_COUNT]; /* n = 0: not asked for */
};
