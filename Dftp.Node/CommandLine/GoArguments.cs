namespace Dftp.Node.CommandLine;

/// <summary>
/// Rewrites arguments in the syntax of Go's flag package to a form that the parser reads unambiguously. In Go's syntax an option
/// has one dash or two; its value follows <c>=</c> or is the next argument, whatever that looks like, and may be empty.
/// </summary>
internal static class GoArguments
{
    /// <summary>
    /// Rewrites every known option as <c>--name=value</c>, or as <c>--name</c> and an empty argument. All other arguments, and all
    /// after <c>--</c>, stay as they are.
    /// </summary>
    /// <exception cref="UsageException">An option lacks its value.</exception>
    public static List<string> Rewrite(IReadOnlyList<string> arguments, IReadOnlyList<OptionDefinition> options)
    {
        var rewritten = new List<string>();
        for (var at = 0; at < arguments.Count; at++)
        {
            if (arguments[at] == "--")
            {
                rewritten.AddRange(arguments.Skip(at));
                break;
            }

            var (option, value) = Split(arguments[at], options);
            if (option is null)
            {
                rewritten.Add(arguments[at]);
                continue;
            }

            value ??= option.IsSwitch ? "true"
                : at + 1 < arguments.Count ? arguments[++at]
                : throw new UsageException($"{option.Flag}: needs a value, such as {option.Flag} {option.Example}");
            if (value.Length == 0) rewritten.AddRange(option.Flag, "");
            else rewritten.Add($"{option.Flag}={value}");
        }

        return rewritten;
    }

    /// <summary>Finds the first argument that is neither an option nor the value of a known option.</summary>
    /// <returns>Its index; -1 when there is none, or when <c>--</c> comes before it.</returns>
    public static int IndexOfFirstWord(IReadOnlyList<string> arguments, IReadOnlyList<OptionDefinition> options)
    {
        for (var at = 0; at < arguments.Count && arguments[at] != "--"; at++)
        {
            if (!Arguments.IsOption(arguments[at])) return at;
            if (Split(arguments[at], options) is ({ IsSwitch: false }, null)) at++;
        }

        return -1;
    }

    private static (OptionDefinition? Option, string? Value) Split(string argument, IReadOnlyList<OptionDefinition> options)
    {
        if (!argument.StartsWith('-')) return default;
        var dashes = argument.StartsWith("--", StringComparison.Ordinal) ? 2 : 1;
        var equals = argument.IndexOf('=', StringComparison.Ordinal);
        var name = equals < 0 ? argument[dashes..] : argument[dashes..Math.Max(dashes, equals)];
        return (options.FirstOrDefault(option => option.Name == name), equals < 0 ? null : argument[(equals + 1)..]);
    }
}
