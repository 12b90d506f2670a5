// Workers that take every configuration, unless told otherwise.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sbc/datastore/datastore.h"

namespace ringwall::sbc::datastore {

class FakeTarget final : public Target {
public:
    ConfigErrors objections(const Snapshot& /*next*/) override { return objected; }
    Result<void, ConfigErrors> prepare(SnapshotPtr next) override {
        if (!bind_fault.empty()) {
            return fail(ConfigErrors{{.sentence = bind_fault}});
        }
        prepared = std::move(next);
        return {};
    }
    void publish() override { published = std::move(prepared); }
    void drop() override { prepared.reset(); }
    States states() override {
        States out = forced;
        for (const Adjacency& each : published ? published->adjacencies : none) {
            out.emplace(each.name,
                        each.is_attached ? AdjacencyState::Attached : AdjacencyState::Detached);
        }
        return out;
    }
    void detach(std::string_view adjacency, ForcedDetach how) override {
        detached.emplace_back(adjacency, how);
    }

    ConfigErrors objected;
    std::string bind_fault;
    SnapshotPtr prepared;
    SnapshotPtr published;
    States forced;
    std::vector<std::pair<std::string, ForcedDetach>> detached;

private:
    const std::vector<Adjacency> none;
};

}  // namespace ringwall::sbc::datastore
