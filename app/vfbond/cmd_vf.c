/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands about the VFs that the program holds. */
#include "app.h"
#include "app_priv.h"
#include "command.h"
#include "command_table.h"
#include "loop_job.h"
#include "source.h"
#include "table.h"
#include "vf.h"

#include <rte_ethdev.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * A claim or a release on its way: the kernel may take seconds for it, in which the control loop
 * has other things to do. One at a time.
 */
struct vf_job {
	struct app *app;
	uint64_t ticket;
	struct loop_job *thread;
	bool claims;
	unsigned max;
	struct text words;     /* of a claim */
	struct vf_batch batch; /* what was claimed, or the one that is given back */
	/* The thread writes them, control reads them when it is done. */
	struct text notes;
	struct reason why;
	int err;
};

static void
work(void *ctx)
{
	struct vf_job *job = ctx;
	const char *dir = vfs_state_dir(job->app->vfs);

	if (!job->claims) {
		job->err = vf_give_back(dir, &job->batch.vf[0], &job->notes, &job->why);
		return;
	}
	job->err = vf_claim_batch(
		dir, text_str(&job->words), NULL, job->max, &job->batch, &job->notes, &job->why
	);
}

static void
job_free(struct vf_job *job)
{
	job->app->vf_job = NULL;
	text_fini(&job->words);
	text_fini(&job->notes);
	free(job);
}

/* Undo a claim of which not every VF could be plugged in. */
static void
take_back(struct app *app, unsigned first, struct text *notes)
{
	while (vfs_count(app->vfs) > first) {
		const struct vf *vf = vfs_at(app->vfs, vfs_count(app->vfs) - 1);
		struct reason what;
		uint16_t id;

		if (ports_find(app->ports, vf->pci, &id, NULL) == 0)
			(void)app_port_detach(app, id, NULL);
		if (vf_give_back(vfs_state_dir(app->vfs), vf, notes, &what) != 0)
			text_printf(notes, "%s\n", what.text);
		vfs_drop(app->vfs, vf);
	}
}

/* They are claimed: make ports of them. */
static int
plug_in(struct vf_job *job, struct text *reply)
{
	struct app *app = job->app;
	unsigned first;
	int rc = 0;

	for (unsigned i = 0; i < job->batch.count; i++)
		job->batch.vf[i].by_command = true;
	vfs_take(app->vfs, &job->batch, &first);
	for (unsigned i = first; rc == 0 && i < vfs_count(app->vfs); i++)
		rc = app_port_attach(app, vfs_at(app->vfs, i)->pci, NULL, &job->why);
	if (rc == 0)
		rc = vfs_find_ports(app->vfs, app->ports, &job->notes, &job->why);
	if (rc != 0) {
		take_back(app, first, &job->notes);
		return rc;
	}
	for (unsigned i = first; i < vfs_count(app->vfs); i++) {
		const struct vf *vf = vfs_at(app->vfs, i);

		text_printf(
			reply,
			"%s: %s is claimed%s, port %u\n",
			vf->name,
			vf->pci,
			vf->claim.adopted ? " as it was" : "",
			vf->port_id
		);
	}
	return 0;
}

static void
on_done(void *ctx)
{
	struct vf_job *job = ctx;
	struct app *app = job->app;
	struct text reply = TEXT_EMPTY;

	if (job->err == 0 && job->claims)
		job->err = plug_in(job, &reply);
	app_print_notes(app, &job->notes);
	source_done(app->sources, job->ticket, &reply, job->err, &job->why);
	text_fini(&reply);
	job_free(job);
}

void
app_vf_job_finish(struct app *app)
{
	struct vf_job *job = app->vf_job;
	unsigned first;

	if (job == NULL)
		return;
	loop_job_finish(job->thread);
	/* What came too late to be used is given back with the others. */
	if (job->claims && job->err == 0)
		vfs_take(app->vfs, &job->batch, &first);
	app_print_notes(app, &job->notes);
	if (job->err != 0)
		app_print(app, "%s", job->why.text);
	job_free(job);
}

static int
job_new(struct app *app, const struct command_call *call, struct vf_job **ret)
{
	struct vf_job *job;

	if (app->vf_job != NULL)
		return reason_set(
			call->why, -EBUSY, "another VF is being claimed or released right now"
		);
	job = calloc(1, sizeof(*job));
	if (job == NULL)
		return reason_set(call->why, -ENOMEM, "out of memory");
	job->app = app;
	*ret = job;
	return 0;
}

/* Hand the work to a thread; the source waits. */
static int
job_start(struct vf_job *job, const struct command_call *call)
{
	int rc = loop_job_start(&job->thread, job->app->loop, work, on_done, job);

	if (rc != 0) {
		job_free(job);
		return reason_set(call->why, rc, "cannot start a thread: %s", strerror(-rc));
	}
	job->app->vf_job = job;
	job->ticket = source_hold(call->source);
	return 0;
}

int
cmd_claim_vf(struct app *app, const struct command_call *call)
{
	struct vf_job *job = NULL;
	int rc = job_new(app, call, &job);

	if (rc != 0)
		return rc;
	job->claims = true;
	job->max = VFS_MAX - vfs_count(app->vfs);
	for (int i = 0; i < call->nb_rest; i++)
		text_printf(&job->words, "%s%s", i != 0 ? " " : "", call->rest[i]);
	return job_start(job, call);
}

int
cmd_release_vf(struct app *app, const struct command_call *call)
{
	const struct vf *vf = vfs_find(app->vfs, call->argv[0]);
	struct vf_job *job = NULL;
	int rc;

	if (vf == NULL)
		return reason_set(
			call->why, -ENODEV, "%s: no such VF (see show vf)", call->argv[0]
		);
	rc = job_new(app, call, &job);
	if (rc != 0)
		return rc;
	if (vf->has_port)
		rc = app_port_detach(app, vf->port_id, call->why);
	if (rc != 0) {
		job_free(job);
		return rc;
	}
	job->batch.vf[0] = *vf;
	rc = job_start(job, call);
	if (rc == 0)
		vfs_drop(app->vfs, vf);
	return rc;
}

enum {
	COL_NAME,
	COL_PCI,
	COL_PORT,
	COL_PF,
	COL_VF,
	COL_CLAIM,
	COL_DRIVER,
	COL_NODE,
	COL_MAC,
	COL_PF_MAC,
	COL_TRUST,
	COL_SPOOFCHK
};

static void
fill_row(struct app *app, struct table *table, const struct vf *vf)
{
	const struct claim_result *claim = &vf->claim;
	struct rte_ether_addr mac;

	table_row(table);
	table_set(table, COL_NAME, vf->name);
	table_set(table, COL_PCI, vf->pci);
	if (vf->has_port)
		table_set_u64(table, COL_PORT, vf->port_id);
	if (vf->pf_netdev[0] != '\0')
		table_set(table, COL_PF, vf->pf_netdev);
	if (claim->pf_known)
		table_set_u64(table, COL_VF, claim->vf_index);
	table_set(table, COL_CLAIM, claim->adopted ? "adopted" : "claimed");
	table_set(table, COL_DRIVER, claim->driver);
	if (claim->has_node)
		table_set(table, COL_NODE, claim->node.path);
	if (vf->has_port && rte_eth_macaddr_get(vf->port_id, &mac) == 0)
		table_printf(table, COL_MAC, RTE_ETHER_ADDR_PRT_FMT, RTE_ETHER_ADDR_BYTES(&mac));
	if (vf->has_port && vfs_pf_mac(app->vfs, vf->port_id, &mac) == 0)
		table_printf(table, COL_PF_MAC, RTE_ETHER_ADDR_PRT_FMT, RTE_ETHER_ADDR_BYTES(&mac));
	if (claim->has_state && (claim->state.known & 1u << VF_ATTR_TRUST) != 0)
		table_set(table, COL_TRUST, claim->state.trust ? "on" : "off");
	if (claim->has_state && (claim->state.known & 1u << VF_ATTR_SPOOFCHK) != 0)
		table_set(table, COL_SPOOFCHK, claim->state.spoofchk ? "on" : "off");
}

int
cmd_show_vf(struct app *app, const struct command_call *call)
{
	static const struct table_column columns[] = {
		[COL_NAME] = {"Name", "name", TABLE_LEFT, false},
		[COL_PCI] = {"Address", "address", TABLE_LEFT, false},
		[COL_PORT] = {"Port", "port", TABLE_RIGHT, false},
		[COL_PF] = {"PF", "pf", TABLE_LEFT, false},
		[COL_VF] = {"VF", "vf", TABLE_RIGHT, false},
		[COL_CLAIM] = {"Claim", "claim", TABLE_LEFT, false},
		[COL_DRIVER] = {"Driver", "driver", TABLE_LEFT, false},
		[COL_NODE] = {"Node", "node", TABLE_LEFT, false},
		[COL_MAC] = {"MAC", "mac", TABLE_LEFT, false},
		[COL_PF_MAC] = {"MAC in PF", "pf_mac", TABLE_LEFT, false},
		[COL_TRUST] = {"Trust", "trust", TABLE_LEFT, false},
		[COL_SPOOFCHK] = {"Spoof check", "spoofchk", TABLE_LEFT, false},
	};
	struct table *table;
	json_t *json;
	int rc = table_new(&table, columns, RTE_DIM(columns));

	if (rc != 0)
		return reason_set(call->why, rc, "out of memory");
	for (unsigned i = 0; i < vfs_count(app->vfs); i++)
		fill_row(app, table, vfs_at(app->vfs, i));
	if (call->argv[0] == NULL)
		rc = table_text(table, call->reply);
	else if ((rc = table_json(table, &json)) == 0)
		rc = app_put_json(json, call->reply);
	table_free(table);
	return rc == 0 ? 0 : reason_set(call->why, rc, "out of memory");
}
