/* SPDX-License-Identifier: BSD-3-Clause */
/* See vfctl.h. */
#include "vfctl.h"

#include "parse.h"
#include "reason.h"
#include "text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int
vfctl_usage(const struct vfctl *c, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "vfctl %s: ", c->command);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, " (see vfctl %s --help)\n", c->command);
	return STATUS_USAGE;
}

int
vfctl_failed(const struct vfctl *c, const struct reason *why)
{
	fprintf(stderr, "vfctl %s: %s\n", c->command, why->text);
	return STATUS_FAILED;
}

void
vfctl_notes(const struct vfctl *c, const struct text *notes)
{
	const char *at = text_str(notes);

	while (*at != '\0') {
		size_t len = strcspn(at, "\n");

		fprintf(stderr, "vfctl %s: note: %.*s\n", c->command, (int)len, at);
		at += len + (at[len] == '\n');
	}
}

int
vfctl_scan(struct vfctl *c)
{
	struct reason why;

	if (c->bus != NULL || pci_bus_scan(&c->bus, &c->host.fs, &why) == 0)
		return STATUS_OK;
	return vfctl_failed(c, &why);
}

/* PF#N, with the PF as an address or a netdev. */
static const struct pci_device *
find_numbered(struct vfctl *c, const char *word, const char *hash)
{
	const struct pci_device *pf = NULL;
	struct pci_addr addr;
	char name[64];
	uint16_t index;

	if ((size_t)(hash - word) >= sizeof(name) ||
	    parse_u16(hash + 1, 0, UINT16_MAX, &index) != 0)
		return NULL;
	memcpy(name, word, (size_t)(hash - word));
	name[hash - word] = '\0';
	pf = pci_addr_parse(name, &addr) == 0 ? pci_bus_find(c->bus, &addr)
	                                      : pci_bus_find_netdev(c->bus, name);
	return pf != NULL && pf->is_pf ? pci_bus_find_vf(c->bus, &pf->addr, index) : NULL;
}

const struct pci_device *
vfctl_device(struct vfctl *c, const char *word)
{
	const char *hash = strchr(word, '#');
	const struct pci_device *device;
	struct pci_addr addr;

	if (vfctl_scan(c) != STATUS_OK)
		return NULL;
	if (hash != NULL)
		device = find_numbered(c, word, hash);
	else if (pci_addr_parse(word, &addr) == 0)
		device = pci_bus_find(c->bus, &addr);
	else
		device = pci_bus_find_netdev(c->bus, word);
	if (device == NULL)
		fprintf(stderr, "vfctl %s: %s: no such device (see vfctl list)\n", c->command, word
		);
	return device;
}

const struct pci_device *
vfctl_pf(struct vfctl *c, const char *word)
{
	const struct pci_device *device = vfctl_device(c, word);

	if (device == NULL || device->is_pf)
		return device;
	fprintf(stderr,
	        "vfctl %s: %s is %s, not a PF\n",
	        c->command,
	        word,
	        device->is_vf ? "a VF" : "a device without SR-IOV");
	return NULL;
}

const struct pci_device *
vfctl_vf(struct vfctl *c, const char *word)
{
	const struct pci_device *device = vfctl_device(c, word);

	if (device == NULL || device->is_vf)
		return device;
	fprintf(stderr,
	        "vfctl %s: %s is %s, not a VF\n",
	        c->command,
	        word,
	        device->is_pf ? "a PF" : "a device without SR-IOV");
	return NULL;
}
