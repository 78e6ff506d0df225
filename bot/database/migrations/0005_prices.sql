-- What an attempt cost the operator, or may have cost: in millionths of the operator's currency,
-- NULL where no price was stated for its gateway and model.

ALTER TABLE costs ADD COLUMN price BIGINT;
