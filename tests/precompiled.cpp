// Only so that precompiled.hpp has a target.
