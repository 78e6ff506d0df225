-- The seed that a gateway reported for a picture, so that it can be painted again; NULL if it did not.
ALTER TABLE pictures ADD COLUMN seed BIGINT;
