/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `vfctl claim`: VFs that a selector, or a configuration of sriov-cni, names become ours; what a
 * program needs to use them is printed. Used by main.c.
 */
#include "claim.h"
#include "claim_json.h"
#include "device_info.h"
#include "netconf.h"
#include "output.h"
#include "parse.h"
#include "reason.h"
#include "selector.h"
#include "text.h"
#include "vfctl.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NETCONF_MAX_BYTES = 256 * 1024 };

/* What the command line asks for. */
struct words {
	struct claim_request request;
	const char *netconf, *device_info;
	uint32_t count; /* 0: not given */
	bool distinct_pf;
	struct text selector;
};

static int
read_number(const struct vfctl *c, const char *option, uint32_t max, uint32_t *ret)
{
	if (parse_u32(optarg, 1, max, ret) == 0)
		return STATUS_OK;
	return vfctl_usage(c, "%s takes a number in 1..%u, not \"%s\"", option, max, optarg);
}

static int
read_options(struct vfctl *c, int argc, char **argv, struct words *w)
{
	static const struct option options[] = {
		{"count", required_argument, NULL, 'c'},
		{"distinct-pf", no_argument, NULL, 'd'},
		{"driver", required_argument, NULL, 'D'},
		{"pf-up", no_argument, NULL, 'u'},
		{"owner", required_argument, NULL, 'o'},
		{"netconf", required_argument, NULL, 'n'},
		{"device-info", required_argument, NULL, 'i'},
		{0},
	};
	uint32_t pid;
	int o, status = STATUS_OK;

	while (status == STATUS_OK && (o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (o) {
		case 'c':
			status = read_number(c, "--count", UINT16_MAX, &w->count);
			break;
		case 'd':
			w->distinct_pf = true;
			break;
		case 'D':
			w->request.driver = optarg;
			break;
		case 'u':
			w->request.pf_up = true;
			break;
		case 'o':
			status = read_number(c, "--owner", INT_MAX, &pid);
			if (status == STATUS_OK)
				w->request.owner_pid = (pid_t)pid;
			break;
		case 'n':
			w->netconf = optarg;
			break;
		case 'i':
			w->device_info = optarg;
			break;
		default:
			return STATUS_USAGE;
		}
	}
	return status;
}

/* The whole file into @buf of NETCONF_MAX_BYTES. */
static int
read_file(const char *path, char *buf, size_t *ret_len, struct reason *why)
{
	FILE *f = fopen(path, "re");
	int rc = 0;

	if (f == NULL)
		return reason_set(why, -errno, "%s: cannot open it: %s", path, strerror(errno));
	*ret_len = fread(buf, 1, NETCONF_MAX_BYTES, f);
	if (ferror(f))
		rc = reason_set(why, -EIO, "%s: cannot read it", path);
	else if (fgetc(f) != EOF)
		rc = reason_set(
			why, -EFBIG, "%s: longer than %d bytes", path, (int)NETCONF_MAX_BYTES
		);
	fclose(f);
	return rc;
}

/* Settings, and the VF where the words name none. */
static int
use_netconf(struct words *w, struct reason *why)
{
	char addr[PCI_ADDR_BYTES], *json = malloc(NETCONF_MAX_BYTES);
	struct netconf conf;
	size_t len = 0;
	int rc;

	if (json == NULL)
		return reason_set(why, -ENOMEM, "out of memory");
	rc = read_file(w->netconf, json, &len, why);
	if (rc == 0)
		rc = netconf_parse(json, len, w->netconf, &conf, why);
	free(json);
	if (rc != 0)
		return rc;
	if (conf.is_bond)
		return reason_set(
			why,
			-EINVAL,
			"%s configures a bond (bond-cni), not a VF: give it to vfbond --netconf",
			w->netconf
		);
	w->request.settings = conf.vf.settings;
	if (conf.vf.has_addr)
		text_printf(&w->selector, "%s ", pci_addr_text(&conf.vf.addr, addr));
	return 0;
}

static int
write_device_infos(
	const char *folder, const struct claim_result *results, size_t n, struct reason *why
)
{
	char path[PATH_MAX], addr[PCI_ADDR_BYTES];
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		struct device_info info = {
			.addr = results[i].addr,
			.has_pf = results[i].pf_known,
			.pf = results[i].pf,
		};

		/* As the device plugin names them: resource with dashes, and the address. */
		snprintf(
			path,
			sizeof(path),
			"%s/vfbond-vfs-%s-device.json",
			folder,
			pci_addr_text(&info.addr, addr)
		);
		rc = device_info_write(path, &info, why);
	}
	return rc;
}

/* After a failure that is told already. */
static void
give_back(struct vfctl *c, const struct claim_result *results, size_t n)
{
	struct text notes = TEXT_EMPTY;
	struct reason why;

	while (n-- > 0)
		if (claim_release(&c->host, &results[n].addr, true, &notes, &why) != 0)
			(void)vfctl_failed(c, &why);
	vfctl_notes(c, &notes);
	text_fini(&notes);
}

static int
print_claims(struct vfctl *c, const struct claim_result *results, size_t n)
{
	json_t *json = claim_results_json(results, n);
	struct text none = TEXT_EMPTY;
	int status = output(c, json != NULL ? 0 : -ENOMEM, json, &none);

	json_decref(json);
	return status == STATUS_OK && fflush(stdout) != 0 ? STATUS_FAILED : status;
}

/* Of the VFs that match: those named one by one are all meant, else as many as asked for. */
static int
claim(struct vfctl *c,
      const struct words *w,
      const struct pci_device *const *vfs,
      size_t n,
      bool exact)
{
	size_t count = w->count != 0 ? w->count : exact ? 0 : 1;
	struct claim_result *results = calloc(n > count ? n : count, sizeof(*results));
	struct text notes = TEXT_EMPTY;
	int rc, status = STATUS_FAILED;
	struct reason why;
	size_t got = 0;

	if (results == NULL)
		rc = reason_set(&why, -ENOMEM, "out of memory");
	else
		rc = claim_vfs(
			&c->host,
			vfs,
			n,
			count,
			w->distinct_pf,
			&w->request,
			results,
			&got,
			&notes,
			&why
		);
	vfctl_notes(c, &notes);
	text_fini(&notes);
	if (rc == 0 && w->device_info != NULL)
		rc = write_device_infos(w->device_info, results, got, &why);
	if (rc != 0)
		(void)vfctl_failed(c, &why);
	else
		status = print_claims(c, results, got);
	/* A claim that nobody was told of would be nobody's. */
	if (status != STATUS_OK)
		give_back(c, results, got);
	free(results);
	return status;
}

/* The words after the options, which are one selector with settings. */
static int
select_and_claim(struct vfctl *c, int n, char **words, struct words *w)
{
	const struct pci_device **vfs = NULL;
	struct selector *selector = NULL;
	struct reason why;
	size_t nb_vfs;
	int rc, status;

	rc = w->netconf != NULL ? use_netconf(w, &why) : 0;
	for (int i = 0; i < n; i++)
		text_printf(&w->selector, "%s ", words[i]);
	if (rc == 0)
		rc = selector_parse(
			&selector, &w->request.settings, text_str(&w->selector), environ, &why
		);
	if (rc != 0)
		return vfctl_failed(c, &why);
	status = vfctl_scan(c);
	if (status == STATUS_OK &&
	    selector_match(selector, &c->host, c->bus, &vfs, &nb_vfs, &why) != 0)
		status = vfctl_failed(c, &why);
	if (status == STATUS_OK)
		status = claim(c, w, vfs, nb_vfs, selector_is_exact(selector));
	free(vfs);
	selector_free(selector);
	return status;
}

int
cmd_claim(struct vfctl *c, int argc, char **argv)
{
	struct words w = {.count = 0};
	int status = read_options(c, argc, argv, &w);

	if (status == STATUS_OK && optind == argc && w.netconf == NULL)
		status = vfctl_usage(c, "no SELECTOR is given");
	if (status == STATUS_OK)
		status = select_and_claim(c, argc - optind, argv + optind, &w);
	text_fini(&w.selector);
	return status;
}
