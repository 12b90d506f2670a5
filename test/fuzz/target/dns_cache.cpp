// The cache of DNS answers: it gives what was put last or nothing, never for longer than a day, and
// is never larger than it may be.
#include <algorithm>
#include <map>

#include "base/check.h"
#include "fuzz/input.h"
#include "fuzz/target.h"
#include "sip/locate/cache.h"

namespace ringwall::fuzz {

void run(std::string_view octets) {
    struct Put {
        dns::Answer answer;
        TimePoint at;
    };
    Input input(octets);
    const std::size_t capacity = input.below(5);
    sip::locate::Cache cache(capacity);
    std::map<dns::Question, Put> last;
    TimePoint now{};
    while (!input.is_empty()) {
        const dns::Question question{
            input.one_of({dns::RecordType::A, dns::RecordType::Srv, dns::RecordType::Naptr}),
            std::string(1, static_cast<char>('a' + input.below(4)))};
        dns::Answer answer;
        switch (input.below(3)) {
            case 0:
                answer.outcome = input.one_of(
                    {dns::Outcome::Failed, dns::Outcome::NoRecords, dns::Outcome::Records});
                answer.lifetime = std::chrono::seconds(input.number() % 200'000) - 1000s;
                cache.put(question, answer, now);
                last[question] = {answer, now};
                break;
            case 1:
                now += std::chrono::seconds(input.number() % 100'000);
                break;
            default:
                break;
        }
        CHECK(cache.is_consistent() && cache.size() <= capacity);
        if (const dns::Answer* found = cache.find(question, now)) {
            const Put& put = last.at(question);
            CHECK(found->outcome == put.answer.outcome && now - put.at < 24h);
            CHECK(found->outcome != dns::Outcome::Records ||
                  now - put.at < std::max<Duration>(found->lifetime, 1s));
        }
    }
}

}  // namespace ringwall::fuzz
