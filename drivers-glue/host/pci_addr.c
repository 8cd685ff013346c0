/* SPDX-License-Identifier: BSD-3-Clause */
/* See pci_addr.h. */
#include "pci_addr.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* 1..@max hex digits at *s, which moves past them; strtoul alone would take blanks and signs. */
static int
take_hex(const char **s, unsigned max, uint32_t *ret)
{
	uint32_t v = 0;
	unsigned n = 0;

	for (; isxdigit((unsigned char)**s); (*s)++) {
		char c = (char)tolower((unsigned char)**s);

		if (++n > max)
			return -EINVAL;
		v = v << 4 | (uint32_t)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	if (n == 0)
		return -EINVAL;
	*ret = v;
	return 0;
}

/* A number and the character behind it. */
static int
take_part(const char **s, unsigned max, char end, uint32_t *ret)
{
	if (take_hex(s, max, ret) != 0 || **s != end)
		return -EINVAL;
	if (end != '\0')
		(*s)++;
	return 0;
}

int
pci_addr_parse(const char *s, struct pci_addr *ret)
{
	uint32_t domain = 0, bus, device, function;
	const char *at = s;
	unsigned colons = 0;

	for (const char *c = s; *c != '\0'; c++)
		colons += *c == ':';
	if (colons == 2 && take_part(&at, 8, ':', &domain) != 0)
		return -EINVAL;
	if (take_part(&at, 2, ':', &bus) != 0 || take_part(&at, 2, '.', &device) != 0 ||
	    take_part(&at, 1, '\0', &function) != 0 || device > 31 || function > 7)
		return -EINVAL;
	*ret = (struct pci_addr){
		.domain = domain,
		.bus = (uint8_t)bus,
		.device = (uint8_t)device,
		.function = (uint8_t)function,
	};
	return 0;
}

const char *
pci_addr_text(const struct pci_addr *a, char buf[static PCI_ADDR_BYTES])
{
	/* The masks tell the compiler what the ranges are: the text always fits. */
	snprintf(
		buf,
		PCI_ADDR_BYTES,
		"%04x:%02x:%02x.%x",
		a->domain,
		a->bus,
		a->device & 31u,
		a->function & 7u
	);
	return buf;
}

static int
compare(uint32_t a, uint32_t b)
{
	return a < b ? -1 : a > b;
}

int
pci_addr_cmp(const struct pci_addr *a, const struct pci_addr *b)
{
	int rc = compare(a->domain, b->domain);

	if (rc == 0)
		rc = compare(a->bus, b->bus);
	if (rc == 0)
		rc = compare(a->device, b->device);
	return rc != 0 ? rc : compare(a->function, b->function);
}
