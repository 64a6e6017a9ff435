// troika-onnx check: cases in the form of ONNX's own tests, a folder each.
#include <iostream>
#include <memory>

#include "serving/onnx/program/commands.h"
#include "serving/onnx/program/values.h"
#include "serving/onnx/session.h"

namespace troika::onnx {
namespace {

struct Options {
  std::vector<std::string> folders, devices;
  bool alternate = false, quiet = false;
  double absolute = 1e-7, relative = 1e-3;
};

struct Tally {
  int passed = 0, failed = 0, not_claimed = 0;
};

std::vector<std::filesystem::path> data_sets(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> found;
  for (int i = 0;; ++i) {
    const auto set = folder / ("test_data_set_" + std::to_string(i));
    if (!std::filesystem::is_directory(set)) return found;
    found.push_back(set);
  }
}

// Empty when all outputs are as they should be.
std::string run_case(Runtime& runtime, const std::filesystem::path& folder,
                     const Options& options) {
  SessionOptions wanted;
  wanted.devices = options.devices;
  wanted.alternate = options.alternate;
  Session session{runtime, Model::load(folder / "model.onnx"), wanted};
  const auto sets = data_sets(folder);
  if (sets.empty()) return "it has no data";
  for (const auto& set : sets) {
    const auto inputs = load_tensors(set, "input"), outputs = load_tensors(set, "output");
    std::vector<TensorRef> refs;
    for (const Tensor& input : inputs) refs.emplace_back(input.type, input.dims, input.data.get());
    const auto got = session.run(refs);
    for (std::size_t i = 0; i < outputs.size(); ++i)
      if (const auto how = difference(got.at(i), outputs[i], options.absolute, options.relative);
          !how.empty())
        return "output " + std::to_string(i) + ": " + how;
  }
  return {};
}

void check_case(Runtime& runtime, const std::filesystem::path& folder, const Options& options,
                Tally& tally) {
  const std::string name = folder.filename().string();
  try {
    const std::string wrong = run_case(runtime, folder, options);
    (wrong.empty() ? tally.passed : tally.failed) += 1;
    if (!wrong.empty()) std::cout << "failed " << name << ": " << wrong << '\n';
    else if (!options.quiet) std::cout << "passed " << name << '\n';
  } catch (const Error& error) {
    const bool not_claimed = error.code() == Code::unsupported;
    (not_claimed ? tally.not_claimed : tally.failed) += 1;
    if (!not_claimed || !options.quiet)
      std::cout << (not_claimed ? "not claimed " : "failed ") << name << ": " << error.what()
                << '\n';
  }
}

int check(const Options& options) {
  RuntimeOptions wanted;
  wanted.devices = options.devices;
  Runtime runtime{wanted};
  Tally tally;
  for (const std::string& folder : options.folders) check_case(runtime, folder, options, tally);
  std::cout << tally.passed << " passed, " << tally.failed << " failed, " << tally.not_claimed
            << " not claimed\n";
  return tally.failed == 0 ? 0 : 1;
}

}  // namespace

Subcommand check_command(CommandLine& line) {
  auto options = std::make_shared<Options>();
  Command command{line, "check",
                  "Runs models and compares with the outputs beside them. Each folder holds "
                  "model.onnx and test_data_set_<n> with input_<i>.pb and output_<i>.pb."};
  command.positionals("folders", options->folders, "cases");
  command.texts("--devices", options->devices, "devices or backends, with commas");
  command.flag("--alternate", options->alternate, "steps go to those devices in turn");
  command.flag("--quiet", options->quiet, "shows what failed only");
  command.number("--absolute", options->absolute, 0, 1e9, "how far an element may be off");
  command.number("--relative", options->relative, 0, 1e9, "and of its value");
  return {command, [options] { return check(*options); }};
}

}  // namespace troika::onnx
