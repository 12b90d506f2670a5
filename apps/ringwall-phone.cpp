// The phone.
#include <sysexits.h>

#include <CLI/CLI.hpp>

#include "phone/process.h"

int main(int argc, char** argv) {
    ringwall::phone::ProcessOptions options;
    std::string source = "silence";
    std::string sink = "none";
    CLI::App app("ringwall-phone: a headless phone for secure SIP");
    app.add_option("--config", options.configuration, "The parameters, Name[n] \"value\" ; each")
        ->required();
    app.add_option("--control", options.control_port,
                   "Take commands as JSON over HTTP on this port of 127.0.0.1");
    app.add_option("--source", source,
                   "What calls are given to say: silence, tone:HERTZ, file:PATH, device");
    app.add_option("--sink", sink, "Where they are heard: none, device");
    app.add_option("--record", options.sound.recording_folder,
                   "A folder for a WAV file of each call");
    app.add_flag("--auto-answer", options.sound.auto_answer,
                 "Answer a call where there is no other");
    app.add_flag("--check", options.only_check, "Read the parameters, say what is wrong, end");
    app.set_version_flag("--version", "ringwall-phone " RINGWALL_VERSION);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? EX_OK : EX_USAGE;
    }
    const auto parsed_source = ringwall::phone::parse_source(source);
    const auto parsed_sink = ringwall::phone::parse_sink(sink);
    if (!parsed_source || !parsed_sink) {
        std::fprintf(stderr, "%s\n",
                     (parsed_source ? parsed_sink.error() : parsed_source.error()).c_str());
        return EX_USAGE;
    }
    options.sound.source = *parsed_source;
    options.sound.sink = *parsed_sink;
    return ringwall::phone::run_process(options);
}
