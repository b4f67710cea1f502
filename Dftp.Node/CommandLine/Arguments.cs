using System.CommandLine;

namespace Dftp.Node.CommandLine;

/// <summary>The arguments as the library parsed them: options and other arguments.</summary>
internal sealed class Arguments
{
    private static readonly ParserConfiguration Configuration = new()
    {
        // Every option has a long name, also after a single dash; and a path may begin with @.
        EnablePosixBundling = false,
        ResponseFileTokenReplacer = null,
    };

    private readonly Option<bool> _help = new("--help", "-help", "-h") { Arity = ArgumentArity.Zero };
    private readonly Option<bool> _version = new("--version", "-version") { Arity = ArgumentArity.Zero };
    private readonly Dictionary<OptionDefinition, Option<string[]>> _options;
    private readonly ParseResult _parsed;
    private readonly int _literals;

    public Arguments(IReadOnlyList<OptionDefinition> definitions, IReadOnlyList<string> arguments)
    {
        _options = definitions.ToDictionary(
            option => option,
            option => new Option<string[]>(option.Flag) { Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = false });
        var root = new RootCommand { TreatUnmatchedTokensAsErrors = false };
        root.Directives.Clear();
        root.Options.Clear();
        root.Options.Add(_help);
        root.Options.Add(_version);
        foreach (var option in _options.Values) root.Options.Add(option);

        var rewritten = GoArguments.Rewrite(arguments, definitions);
        _literals = rewritten.Contains("--") ? rewritten.Count - rewritten.IndexOf("--") - 1 : 0;
        _parsed = root.Parse(rewritten, Configuration);

        // The library silently treats a first argument in brackets as a directive to itself.
        Others = arguments is [['[', ..] directive, ..] ? [directive, .. _parsed.UnmatchedTokens] : _parsed.UnmatchedTokens;
    }

    public bool AsksForHelp => _parsed.GetResult(_help) is { Implicit: false };

    public bool AsksForVersion => _parsed.GetResult(_version) is { Implicit: false };

    /// <summary>The arguments that are not known options, in order.</summary>
    public IReadOnlyList<string> Others { get; }

    /// <summary>The first of <see cref="Others"/>, which is an error where none is accepted; null: there is none.</summary>
    public string? Stray => Others is [var stray, ..] ? stray : null;

    /// <summary>The first of <see cref="Others"/> that looks like an option; arguments after <c>--</c> do not count.</summary>
    public string? UnknownOption() => Others.Take(Others.Count - _literals).FirstOrDefault(IsOption);

    public static bool IsOption(string argument) => argument is ['-', _, ..];

    public static UsageException UnknownOption(string argument, IReadOnlyList<OptionDefinition> options, string help)
    {
        var given = argument.Split('=')[0];
        var meant = NearestName.Suggest(given.TrimStart('-'), options.Select(option => option.Name), "--");
        return new UsageException($"{given}: unknown option{meant}; see {help}");
    }

    public void AddTo(OptionValues values)
    {
        if (_parsed.Errors is [var error, ..]) throw new UsageException($"{error.Message}; see dftp --help");
        foreach (var (definition, option) in _options)
        {
            if (_parsed.GetResult(option) is not { Implicit: false, Tokens: var tokens }) continue;
            values.AddUnlessGiven(definition, ValueSource.CommandLine, [.. tokens.Select(token => token.Value)]);
        }
    }
}
