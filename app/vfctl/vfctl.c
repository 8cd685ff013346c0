/* SPDX-License-Identifier: BSD-3-Clause */
/* See vfctl.h. */
#include "vfctl.h"

#include "reason.h"
#include "selector.h"
#include "text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

const struct pci_device *
vfctl_device(struct vfctl *c, const char *word)
{
	const struct pci_device *device;
	struct pci_addr addr;

	if (vfctl_scan(c) != STATUS_OK)
		return NULL;
	if (pci_addr_parse(word, &addr) == 0)
		device = pci_bus_find(c->bus, &addr);
	else
		device = pci_bus_find_netdev(c->bus, word);
	if (device == NULL)
		fprintf(stderr, "vfctl %s: %s: no such device (see vfctl list)\n", c->command, word
		);
	return device;
}

static int
not_a(const struct vfctl *c, const char *wanted, const char *word, const struct pci_device *d)
{
	fprintf(stderr,
	        "vfctl %s: %s is %s, not a %s\n",
	        c->command,
	        word,
	        d->is_pf   ? "a PF"
	        : d->is_vf ? "a VF"
	                   : "a device without SR-IOV",
	        wanted);
	return STATUS_FAILED;
}

const struct pci_device *
vfctl_pf(struct vfctl *c, const char *word)
{
	const struct pci_device *device = vfctl_device(c, word);

	if (device == NULL || device->is_pf)
		return device;
	(void)not_a(c, "PF", word, device);
	return NULL;
}

static int
add(struct vfctl *c, const struct pci_device *const *devices, size_t n, struct vfctl_devices *to)
{
	const struct pci_device **at = reallocarray(to->at, to->n + n, sizeof(*at));
	struct reason why;

	if (at == NULL) {
		(void)reason_set(&why, -ENOMEM, "out of memory");
		return vfctl_failed(c, &why);
	}
	memcpy(at + to->n, devices, n * sizeof(*at));
	to->at = at;
	to->n += n;
	return STATUS_OK;
}

static int
add_selected(struct vfctl *c, const char *word, struct vfctl_devices *to)
{
	const struct pci_device **vfs = NULL;
	struct selector *selector = NULL;
	struct reason why;
	size_t n = 0;
	int status;

	if (selector_parse(&selector, NULL, word, environ, &why) != 0)
		return vfctl_failed(c, &why);
	status = vfctl_scan(c);
	if (status == STATUS_OK && selector_match(selector, &c->host, c->bus, &vfs, &n, &why) != 0)
		status = vfctl_failed(c, &why);
	if (status == STATUS_OK)
		status = add(c, vfs, n, to);
	free(vfs);
	selector_free(selector);
	return status;
}

int
vfctl_add_devices(struct vfctl *c, const char *word, struct vfctl_devices *to)
{
	const struct pci_device *device;

	if (!selector_is_one_name(word))
		return add_selected(c, word, to);
	device = vfctl_device(c, word);
	return device != NULL ? add(c, &device, 1, to) : STATUS_FAILED;
}

int
vfctl_add_vfs(struct vfctl *c, const char *word, struct vfctl_devices *to)
{
	const struct pci_device *device;

	if (!selector_is_one_name(word))
		return add_selected(c, word, to);
	device = vfctl_device(c, word);
	if (device == NULL)
		return STATUS_FAILED;
	return device->is_vf ? add(c, &device, 1, to) : not_a(c, "VF", word, device);
}

void
vfctl_devices_fini(struct vfctl_devices *d)
{
	free(d->at);
	*d = (struct vfctl_devices){NULL, 0};
}
