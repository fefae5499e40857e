/**
 * What became of a commit whose answer was lost: each transaction that writes leaves a mark. Whoever asks puts a mark of the same key there, which waits for the
 * transaction while it goes on: the one that is there first decides, for good. The id of a transaction does not tell: a server that crashes may give it again.
 */
export const commitMarks = `
-- at: epoch milliseconds by the server's clock; undone: put there by who asked, so that the transaction is not and will never be
CREATE TABLE commit_mark (
  at bigint NOT NULL,
  id uuid NOT NULL,
  undone boolean NOT NULL DEFAULT false,
  PRIMARY KEY (at, id)
);

-- The end of every transaction: as before, and its mark; marked_at: when it was put there, null where nothing was written.
CREATE FUNCTION end_transaction(jobs bigint[], types smallint[], data text[], at bigint, mark uuid, OUT marked_at bigint, OUT last_event bigint) LANGUAGE plpgsql AS $$
BEGIN
  last_event := (end_transaction(jobs, types, data, at)).last_event;
  IF pg_current_xact_id_if_assigned() IS NOT NULL THEN
    marked_at := extract(epoch FROM clock_timestamp()) * 1000;
    INSERT INTO commit_mark (at, id) VALUES (marked_at, mark);
  END IF;
END $$;
`
