"""`tf.metrics`: measures that are accumulated over many batches."""
