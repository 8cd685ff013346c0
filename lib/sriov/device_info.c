/* SPDX-License-Identifier: BSD-3-Clause */
/* Device-info files: their JSON, and the files themselves. See device_info.h. */
#include "device_info.h"

#include "json_in.h"
#include "reason.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEVICE_TYPE "pci"
#define VERSION "1.1.0"
#define VERSION_MAJOR "1."

enum { FILE_MAX_BYTES = 64 * 1024 };

static int
parse_head(const struct json_in *in, struct reason *why)
{
	const char *type, *version;
	char quoted[JSON_IN_QUOTE_BYTES];
	int rc = json_in_string(in, "type", &type, why);

	if (rc == 0)
		rc = json_in_string(in, "version", &version, why);
	if (rc != 0)
		return rc;
	if (type == NULL)
		return json_in_wrong(in, "type", why, "it is missing; \"" DEVICE_TYPE "\" is read");
	if (strcmp(type, DEVICE_TYPE) != 0) {
		json_in_wrong(
			in,
			"type",
			why,
			"%s is not read, only \"" DEVICE_TYPE "\"",
			json_in_quote(quoted, type, strlen(type))
		);
		return -ENOTSUP;
	}
	if (version == NULL)
		return json_in_wrong(in, "version", why, "it is missing; \"" VERSION "\" is known");
	if (strncmp(version, VERSION_MAJOR, strlen(VERSION_MAJOR)) != 0) {
		json_in_wrong(
			in,
			"version",
			why,
			"%s is not read, only " VERSION_MAJOR "x",
			json_in_quote(quoted, version, strlen(version))
		);
		return -ENOTSUP;
	}
	return 0;
}

/* An empty string says as little as none: Go writes it for a field that was never set. */
static int
parse_addr(
	const struct json_in *in,
	const char *key,
	bool *ret_has,
	struct pci_addr *ret,
	struct reason *why
)
{
	char quoted[JSON_IN_QUOTE_BYTES];
	const char *value;
	int rc = json_in_string(in, key, &value, why);

	if (rc != 0)
		return rc;
	*ret_has = value != NULL && value[0] != '\0';
	if (*ret_has && pci_addr_parse(value, ret) != 0)
		return json_in_wrong(
			in,
			key,
			why,
			"%s is no PCI address like 0000:3b:02.1",
			json_in_quote(quoted, value, strlen(value))
		);
	return 0;
}

static int
parse_text(const struct json_in *in, const char *key, char *buf, size_t size, struct reason *why)
{
	const char *value;
	int rc = json_in_string(in, key, &value, why);

	if (rc != 0 || value == NULL)
		return rc;
	if (strlen(value) >= size)
		return json_in_wrong(in, key, why, "longer than %zu bytes", size - 1);
	strcpy(buf, value);
	return 0;
}

static int
parse_pci(const struct json_in *in, struct device_info *d, struct reason *why)
{
	bool has_addr;
	int rc = parse_addr(in, "pci-address", &has_addr, &d->addr, why);

	if (rc == 0 && !has_addr)
		return json_in_wrong(in, "pci-address", why, "it is missing");
	if (rc == 0)
		rc = parse_addr(in, "pf-pci-address", &d->has_pf, &d->pf, why);
	if (rc == 0)
		rc = parse_text(in, "vhost-net", d->vhost_net, sizeof(d->vhost_net), why);
	if (rc == 0)
		rc = parse_text(in, "rdma-device", d->rdma_device, sizeof(d->rdma_device), why);
	if (rc == 0)
		rc = parse_text(
			in, "representor-device", d->representor, sizeof(d->representor), why
		);
	return rc;
}

int
device_info_parse(
	const char *json, size_t len, const char *name, struct device_info *ret, struct reason *why
)
{
	struct json_in in = {.name = name, .path = ""}, pci;
	struct device_info d = {.has_pf = false};
	json_t *object;
	int rc = json_in_load(json, len, name, &object, why);

	if (rc != 0)
		return rc;
	in.object = object;
	pci = (struct json_in){.name = name, .path = "pci."};
	rc = parse_head(&in, why);
	if (rc == 0)
		rc = json_in_object(&in, "pci", &pci.object, why);
	if (rc == 0)
		rc = pci.object != NULL ? parse_pci(&pci, &d, why)
		                        : json_in_wrong(&in, "pci", why, "it is missing");
	json_decref(object);
	if (rc == 0)
		*ret = d;
	return rc;
}

/* False: @value is no UTF-8, or there is no memory. */
static bool
put_text(json_t *pci, const char *key, const char *value)
{
	return value[0] == '\0' || json_object_set_new(pci, key, json_string(value)) == 0;
}

int
device_info_text(const struct device_info *d, struct text *ret)
{
	char addr[PCI_ADDR_BYTES], pf[PCI_ADDR_BYTES] = "", *line = NULL;
	json_t *object = json_pack("{s:s, s:s}", "type", DEVICE_TYPE, "version", VERSION);
	json_t *pci = json_object();
	int rc = -EINVAL;

	if (d->has_pf)
		pci_addr_text(&d->pf, pf);
	if (put_text(pci, "pci-address", pci_addr_text(&d->addr, addr)) &&
	    put_text(pci, "vhost-net", d->vhost_net) &&
	    put_text(pci, "rdma-device", d->rdma_device) && put_text(pci, "pf-pci-address", pf) &&
	    put_text(pci, "representor-device", d->representor))
		rc = json_object_set(object, "pci", pci) == 0 ? 0 : -ENOMEM;
	if (rc == 0) {
		line = json_dumps(object, JSON_COMPACT);
		rc = line != NULL ? 0 : -ENOMEM;
	}
	if (rc == 0)
		text_puts(ret, line);
	free(line);
	json_decref(pci);
	json_decref(object);
	return rc == 0 && ret->no_mem ? -ENOMEM : rc;
}

static int
write_all(int fd, const char *s, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, s, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		s += n;
		len -= (size_t)n;
	}
	return fchmod(fd, 0444) == 0 && fsync(fd) == 0 ? 0 : -errno;
}

/* The name in the directory is on disk only when the directory is. */
static int
sync_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX] = ".";
	int fd, rc;

	if (slash != NULL)
		snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path) + 1, path);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	rc = fsync(fd) == 0 ? 0 : -errno;
	close(fd);
	return rc;
}

static int
replace_file(const char *path, const struct text *line)
{
	char temporary[PATH_MAX];
	int fd, rc;

	if (snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path) >= (int)sizeof(temporary))
		return -ENAMETOOLONG;
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	rc = write_all(fd, line->s, line->len);
	if (close(fd) != 0 && rc == 0)
		rc = -errno;
	if (rc == 0 && rename(temporary, path) != 0)
		rc = -errno;
	if (rc == 0)
		return sync_directory(path);
	unlink(temporary);
	return rc;
}

int
device_info_write(const char *path, const struct device_info *d, struct reason *why)
{
	struct text line = TEXT_EMPTY;
	int rc = device_info_text(d, &line);

	if (rc == 0)
		rc = replace_file(path, &line);
	text_fini(&line);
	if (rc == 0)
		return 0;
	return reason_set(
		why,
		rc,
		"%s: cannot write the device-info file: %s%s",
		path,
		strerror(-rc),
		rc == -ENOENT ? " (make its directory first)" : ""
	);
}

/* @buf has FILE_MAX_BYTES. Opening a FIFO must not wait for who writes to it. */
static int
read_file(const char *path, char *buf, size_t *ret_len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), rc = 0;
	struct stat st;
	size_t len = 0;
	ssize_t n = 1;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) != 0)
		rc = -errno;
	else if (!S_ISREG(st.st_mode))
		rc = S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	while (rc == 0 && n != 0 && len < FILE_MAX_BYTES) {
		n = read(fd, buf + len, FILE_MAX_BYTES - len);
		if (n > 0)
			len += (size_t)n;
		else if (n < 0 && errno != EINTR)
			rc = -errno;
	}
	if (rc == 0 && len == FILE_MAX_BYTES)
		rc = -EFBIG;
	close(fd);
	if (rc == 0)
		*ret_len = len;
	return rc;
}

int
device_info_read(const char *path, struct device_info *ret, struct reason *why)
{
	char *buf = malloc(FILE_MAX_BYTES);
	size_t len = 0;
	int rc = buf != NULL ? read_file(path, buf, &len) : -ENOMEM;

	if (rc == 0)
		rc = device_info_parse(buf, len, path, ret, why);
	else
		reason_set(
			why,
			rc,
			"%s: cannot read the device-info file: %s",
			path,
			rc == -EINVAL ? "it is not a regular file" : strerror(-rc)
		);
	free(buf);
	return rc;
}
