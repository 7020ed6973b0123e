-- The language of a request's pages and mails; null: what the client's browser asks for, else the agency's own.
alter table requests add column language text;
