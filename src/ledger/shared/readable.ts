/** True for an entry `e` that `:reader` has a grant for. I9: another is not even read, as what does not exist: the time an answer takes is not to tell them apart. */
export const READABLE = 'EXISTS (SELECT 1 FROM access_grant g WHERE g.collection = e.collection AND g.subject = :reader)'
