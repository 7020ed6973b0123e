//! What all operations share, said once: who may call, what can go wrong, and how a call is repeated.

use utoipa::openapi::{
    Content, HttpMethod, InfoBuilder, OpenApi, OpenApiBuilder, PathItem, Ref, RefOr, Required,
    Response, ServerBuilder,
    header::HeaderBuilder,
    path::{Operation, ParameterBuilder, ParameterIn},
    schema::{ComponentsBuilder, ObjectBuilder, Schema, Type},
    security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};
use utoipa::{PartialSchema, ToSchema};

use super::{
    body::Empty,
    idempotency,
    problem::{PROBLEM_JSON, Problem},
    schema,
};

/// The name of the one security scheme.
const BEARER: &str = "api_key";

const ABOUT: &str = "Ask a client to connect apps, wait until the workflow may run, and fetch what it needs to run.\n\n\
    The key says which agency calls; whatever belongs to another agency does not exist. Ids are prefixed and sort by time. \
    Times are RFC 3339 in UTC. Problems are RFC 9457 with a stable `code`. A name that is not known is refused, in bodies and \
    in queries.";

/// The description before the calls are in it.
pub(super) fn frame() -> OpenApi {
    let key = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some(
            "An API key of the agency. Each call names the scope that the key needs.",
        ))
        .build();
    let components = ComponentsBuilder::new()
        .schemas_from_iter(schema::all())
        .schemas_from_iter(problem())
        .security_scheme(BEARER, SecurityScheme::Http(key))
        .build();
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Agency API")
                .version("1")
                .description(Some(ABOUT))
                .build(),
        )
        .servers(Some([ServerBuilder::new().url("/api/v1").build()]))
        .components(Some(components))
        .build()
}

fn problem() -> Vec<(String, RefOr<Schema>)> {
    let mut schemas = vec![(Problem::name().into_owned(), Problem::schema())];
    Problem::schemas(&mut schemas);
    schemas
}

/// Adds what is the same everywhere. `kept`: the answers to POSTs are kept for repetition.
pub(super) fn complete(document: &mut OpenApi, kept: bool) {
    for item in document.paths.paths.values_mut() {
        for (method, operation) in operations(item) {
            optional_body(operation);
            common_problems(operation);
            if method == HttpMethod::Post {
                repetition(operation, kept);
            }
            dress_problems(operation);
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (HttpMethod, &mut Operation)> {
    [
        (HttpMethod::Get, &mut item.get),
        (HttpMethod::Post, &mut item.post),
        (HttpMethod::Put, &mut item.put),
        (HttpMethod::Patch, &mut item.patch),
        (HttpMethod::Delete, &mut item.delete),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// Where nothing needs to be said, no body is as good as an empty object.
fn optional_body(operation: &mut Operation) {
    let Some(RefOr::T(body)) = &mut operation.request_body else {
        return;
    };
    let empty = Ref::from_schema_name(Empty::name()).ref_location;
    let is_empty = body.content.values().any(|content| {
        let schema = match content {
            RefOr::T(content) => content.schema.as_ref(),
            RefOr::Ref(_) => None,
        };
        matches!(schema, Some(RefOr::Ref(schema)) if schema.ref_location == empty)
    });
    if is_empty {
        body.required = Some(Required::False);
    }
}

fn common_problems(operation: &mut Operation) {
    let has = |place: ParameterIn| {
        let parameters = operation.parameters.iter().flatten();
        parameters.clone().any(
            |parameter| matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == place),
        )
    };
    let (path, query) = (has(ParameterIn::Path), has(ParameterIn::Query));
    let body = operation.request_body.is_some();
    let mut add = |applies, status, text| {
        if applies {
            may_answer(operation, status, text);
        }
    };
    add(
        true,
        "401",
        "`unauthenticated`: no API key, or one that is not known.",
    );
    add(
        true,
        "403",
        "`missing_scope`: the key may not do this. `agency_suspended`.",
    );
    add(path, "404", "`not_found`: missing, or another agency's.");
    add(body, "400", "`malformed_json`, `body_incomplete`.");
    add(
        body,
        "413",
        "`body_too_large`: more than 256 KiB, of a theme more than 6 MiB.",
    );
    add(
        body,
        "415",
        "`unsupported_media_type`: the body is not JSON, nor what else the call takes.",
    );
    add(
        body || query,
        "422",
        "`invalid_value`: `errors` names each value that was refused.",
    );
    add(
        true,
        "500",
        "`internal`: a failure of ours; nothing was done, or it is safe to repeat with an Idempotency-Key.",
    );
}

fn repetition(operation: &mut Operation, kept: bool) {
    let text = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(idempotency::LONGEST))
        .pattern(Some("^[!-~]([ -~]*[!-~])?$"))
        .build();
    let header = ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .schema(Some(text));
    let about = if kept {
        "Yours to choose, such as a UUID. The same call with the same key is done once, and answered the same for 24 hours. A 403 or 5xx frees the key."
    } else {
        "Accepted and ignored: this answer is never kept."
    };
    let parameter = header.description(Some(about)).build();
    operation
        .parameters
        .get_or_insert_default()
        .push(RefOr::T(parameter));
    if !kept {
        return;
    }
    may_answer(operation, "400", "`invalid_idempotency_key`.");
    may_answer(
        operation,
        "409",
        "`idempotency_in_progress`: the same call is being answered right now.",
    );
    may_answer(
        operation,
        "422",
        "`idempotency_mismatch`: the Idempotency-Key was used for another call.",
    );
    let replayed = HeaderBuilder::new()
        .description(Some(
            "`true` when this is the answer of an earlier call with the same Idempotency-Key.",
        ))
        .schema(Some(
            ObjectBuilder::new()
                .schema_type(Type::String)
                .enum_values(Some(["true"])),
        ))
        .build();
    for (status, response) in &mut operation.responses.responses {
        if let (true, RefOr::T(response)) = (status.starts_with('2'), response) {
            response.headers.insert(
                "Idempotency-Replayed".to_owned(),
                RefOr::T(replayed.clone()),
            );
        }
    }
}

fn may_answer(operation: &mut Operation, status: &str, text: &str) {
    let entry = operation.responses.responses.entry(status.to_owned());
    let response = entry.or_insert_with(|| RefOr::T(Response::new("")));
    if let RefOr::T(response) = response {
        let separator = if response.description.is_empty() {
            ""
        } else {
            " "
        };
        response.description = format!("{}{separator}{text}", response.description);
    }
}

fn dress_problems(operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        if let (true, RefOr::T(response)) = (status.as_str() >= "400", response) {
            let content = Content::new(Some(Ref::from_schema_name("Problem")));
            response
                .content
                .insert(PROBLEM_JSON.to_owned(), RefOr::T(content));
        }
    }
}
