/* SPDX-License-Identifier: BSD-3-Clause */
/* `vfctl create` and `vfctl destroy`: how many VFs a PF has. Used by main.c. */
#include "parse.h"
#include "reason.h"
#include "text.h"
#include "vf_count.h"
#include "vfctl.h"

#include <getopt.h>
#include <stdio.h>

enum { MAX_TIMEOUT_S = 86400 };

/* The options of both; 0 or the status after a message. */
static int
read_options(
	const struct vfctl *c,
	int argc,
	char **argv,
	const struct option *options,
	struct vf_count_settings *s
)
{
	uint32_t timeout_s;
	int o;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (o) {
		case 'r':
			s->recreate = true;
			break;
		case 'a':
			s->autoprobe = true;
			break;
		case 't':
			if (parse_u32(optarg, 1, MAX_TIMEOUT_S, &timeout_s) != 0)
				return vfctl_usage(
					c, "--timeout %s: 1 to %d seconds", optarg, MAX_TIMEOUT_S
				);
			s->limit_ms = timeout_s * 1000;
			break;
		default:
			return STATUS_USAGE;
		}
	}
	return STATUS_OK;
}

static int
set_count(struct vfctl *c, const struct pci_addr *pf, const struct vf_count_settings *s)
{
	struct text notes = TEXT_EMPTY;
	struct reason why;
	int rc = vf_count_set(&c->host, pf, s, &notes, &why);

	vfctl_notes(c, &notes);
	text_fini(&notes);
	return rc == 0 ? STATUS_OK : vfctl_failed(c, &why);
}

/* The VFs that there are now, an address a line, for scripts. */
static int
print_vfs(struct vfctl *c, const struct pci_addr *pf)
{
	const struct pci_device *vf;
	char name[PCI_ADDR_BYTES];

	c->bus = pci_bus_free(c->bus);
	if (vfctl_scan(c) != STATUS_OK)
		return STATUS_FAILED;
	for (uint16_t i = 0; (vf = pci_bus_find_vf(c->bus, pf, i)) != NULL; i++)
		printf("%s\n", pci_addr_text(&vf->addr, name));
	return STATUS_OK;
}

int
cmd_create(struct vfctl *c, int argc, char **argv)
{
	static const struct option options[] = {
		{"recreate", no_argument, NULL, 'r'},
		{"autoprobe", no_argument, NULL, 'a'},
		{"timeout", required_argument, NULL, 't'},
		{0},
	};
	struct vf_count_settings s = {.count = 0};
	const struct pci_device *pf;
	struct pci_addr addr;
	int status = read_options(c, argc, argv, options, &s);

	if (status != STATUS_OK)
		return status;
	if (argc - optind != 2)
		return vfctl_usage(c, "a PF and a number of VFs are expected");
	if (parse_u16(argv[optind + 1], 1, UINT16_MAX, &s.count) != 0)
		return vfctl_usage(
			c,
			"\"%s\" is no number of VFs: 1 to %d (vfctl destroy removes them)",
			argv[optind + 1],
			UINT16_MAX
		);
	pf = vfctl_pf(c, argv[optind]);
	if (pf == NULL)
		return STATUS_FAILED;
	addr = pf->addr;
	status = set_count(c, &addr, &s);
	return status == STATUS_OK ? print_vfs(c, &addr) : status;
}

int
cmd_destroy(struct vfctl *c, int argc, char **argv)
{
	static const struct option options[] = {
		{"recreate", no_argument, NULL, 'r'},
		{"timeout", required_argument, NULL, 't'},
		{0},
	};
	struct vf_count_settings s = {.count = 0};
	const struct pci_device *pf;
	int status = read_options(c, argc, argv, options, &s);

	if (status != STATUS_OK)
		return status;
	if (argc - optind != 1)
		return vfctl_usage(c, "one PF is expected");
	pf = vfctl_pf(c, argv[optind]);
	return pf != NULL ? set_count(c, &pf->addr, &s) : STATUS_FAILED;
}
