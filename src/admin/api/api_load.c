#include "admin/api_load.h"

#include <errno.h>

#include "admin/api_json.h"

/* Whether the new map would take away more than a slip of the pen should: answered 409, unless forced. */
static bool
loss_is_accepted(const struct topo_outline *in_force, const struct topo *topo, bool force,
    struct api_response *response)
{
	struct topo_loss loss;

	topo_compare(in_force, topo, &loss);
	if (force || !topo_loss_needs_force(&loss))
		return true;
	api_refuse(response, 409, "TopologyLoss",
	    "this topology would remove %u of %u ports and %u roots: nothing was changed (if that is meant, load it with --force, or PUT with ?force=1)",
	    loss.ports_removed, loss.ports_before, loss.roots_removed);
	return false;
}

/* Checks a document whole, so that every fault is told at once. */
static bool
document_is_good(json_t *document, const struct topo_outline *in_force, bool force,
    struct api_response *response)
{
	struct topo_builder *builder = topo_builder_new();
	struct topo *topo = NULL;
	bool good = false;

	if (!builder) {
		api_reply(response, 500, NULL);
		return false;
	}
	topo_builder_add_document(builder, document);
	int error = topo_builder_finish(builder, &topo);
	if (error == 0)
		good = loss_is_accepted(in_force, topo, force, response);
	else
		api_finish_error(response, error == -EINVAL ? 400 : 500,
		    "the topology has faults: nothing was changed", topo_builder_faults(builder));
	topo_free(topo);
	topo_builder_free(builder);
	return good;
}

json_t *
api_load_check(struct slice body, const struct topo_outline *in_force, bool force,
    struct api_response *ret_response)
{
	struct topo_faults faults = { 0 };
	json_t *document = topo_document_parse(body, &faults);

	*ret_response = (struct api_response){ 0 };
	if (!document) {
		api_finish_error(ret_response, 400,
		    "the body is no topology document: nothing was changed", &faults);
	} else if (!document_is_good(document, in_force, force, ret_response)) {
		json_decref(document);
		document = NULL;
	}
	topo_faults_release(&faults);
	return document;
}
