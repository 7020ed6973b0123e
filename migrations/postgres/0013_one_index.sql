-- `requests_in_inbox` is the same.
drop index workspace_requests;
