namespace Dftp.Node.CommandLine;

/// <summary>
/// The habits of Go's flag package, brought into the one form that the parser behind reads without doubt: an option has one
/// dash or two, its value follows <c>=</c> or is the next argument whatever that looks like, and may be empty.
/// </summary>
internal static class GoArguments
{
    /// <summary>
    /// Rewrites every known option as <c>--name=value</c>, or as <c>--name</c> and an empty argument. All else stays; so does
    /// what follows <c>--</c>.
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

    /// <summary>The first argument that is neither an option nor the value of a known one.</summary>
    /// <returns>-1 where there is none, or <c>--</c> stands before it.</returns>
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
