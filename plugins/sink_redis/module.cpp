#include "sink_redis/sink.hpp"

PENSTOCK_MODULE("sink_redis", "0.1.0", "Penstock", "Apache-2.0", "https://github.com/penstock/penstock",
                penstock::sink<penstock::redis::RedisSink>())
