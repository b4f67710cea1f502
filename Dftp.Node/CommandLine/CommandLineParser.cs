using System.CommandLine;
using System.Reflection;

namespace Dftp.Node.CommandLine;

/// <summary>What the command line asks for.</summary>
internal abstract record CommandLineRequest
{
    /// <summary>Run a node until it is told to stop.</summary>
    internal sealed record RunNode(NodeOptions Options) : CommandLineRequest;

    /// <summary>Show a text and be done.</summary>
    internal sealed record Show(string Text) : CommandLineRequest;
}

/// <summary>Where options that are not on the command line come from.</summary>
/// <param name="Variable">The value of an environment variable; null where it is not set. An empty one counts as given.</param>
/// <param name="HostName">What a node without a name is called.</param>
internal sealed record Surroundings(Func<string, string?> Variable, Func<string> HostName);

/// <summary>Reads arguments, environment and file. The numbers of <see cref="Parse"/> are the order in which it goes.</summary>
internal static class CommandLineParser
{
    private static readonly ParserConfiguration Configuration = new()
    {
        // Every option has a long name, also after one dash; and @ may well begin a path.
        EnablePosixBundling = false,
        ResponseFileTokenReplacer = null,
    };

    public static string Version { get; } =
        typeof(CommandLineParser).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    /// <exception cref="UsageException">The input is bad; the message says in one sentence which option, and why.</exception>
    public static CommandLineRequest Parse(IReadOnlyList<string> arguments, Surroundings surroundings)
    {
        // 1. help and version win, whatever else is there
        var command = new Arguments(NodeOptionTable.All, arguments);
        if (command.AsksForHelp) return new CommandLineRequest.Show(HelpText.Write(NodeOptionTable.All));
        if (command.AsksForVersion) return new CommandLineRequest.Show($"dftp {Version}\n");

        // 2. the command line, then the environment, then the file: who comes first wins
        var values = ReadValues(NodeOptionTable.All, command, surroundings);

        // 3. texts become values
        return new CommandLineRequest.RunNode(NodeOptionTable.Bind(values, surroundings.HostName));
    }

    /// <summary>The values of any list of options. The file is read only where the list has <c>--config</c>.</summary>
    public static OptionValues ReadValues(IReadOnlyList<OptionDefinition> options, IReadOnlyList<string> arguments, Surroundings surroundings) =>
        ReadValues(options, new Arguments(options, arguments), surroundings);

    private static OptionValues ReadValues(IReadOnlyList<OptionDefinition> options, Arguments arguments, Surroundings surroundings)
    {
        var values = new OptionValues();
        arguments.AddTo(values);
        foreach (var option in options)
        {
            if (surroundings.Variable(option.EnvironmentVariable) is not { } text) continue;
            values.AddUnlessGiven(option, ValueSource.From(option.EnvironmentVariable), option.IsRepeatable ? text.Split(',') : [text]);
        }

        if (options.Contains(NodeOptionTable.Config) && values.Get(NodeOptionTable.Config) is { Length: > 0 } path)
        {
            ConfigFile.AddTo(values, path, values.SourceOf(NodeOptionTable.Config), options);
        }

        return values;
    }

    /// <summary>The arguments as the library has parsed them.</summary>
    private sealed class Arguments
    {
        private readonly Option<bool> _help = new("--help", "-help", "-h") { Arity = ArgumentArity.Zero };
        private readonly Option<bool> _version = new("--version", "-version") { Arity = ArgumentArity.Zero };
        private readonly IReadOnlyList<OptionDefinition> _definitions;
        private readonly Dictionary<OptionDefinition, Option<string[]>> _options;
        private readonly ParseResult _parsed;
        private readonly string? _directive;

        public Arguments(IReadOnlyList<OptionDefinition> definitions, IReadOnlyList<string> arguments)
        {
            _definitions = definitions;
            _options = definitions.ToDictionary(
                option => option,
                option => new Option<string[]>(option.Flag) { Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = false });
            var root = new RootCommand();
            root.Directives.Clear();
            root.Options.Clear();
            root.Options.Add(_help);
            root.Options.Add(_version);
            foreach (var option in _options.Values) root.Options.Add(option);

            // The library takes a first argument in brackets for a directive to itself and would say nothing about it.
            _directive = arguments is [['[', ..] first, ..] ? first : null;
            _parsed = root.Parse(GoArguments.Rewrite(arguments, definitions), Configuration);
        }

        public bool AsksForHelp => _parsed.GetResult(_help) is { Implicit: false };

        public bool AsksForVersion => _parsed.GetResult(_version) is { Implicit: false };

        public void AddTo(OptionValues values)
        {
            if (_directive is not null) throw NotUnderstood(_directive);
            if (_parsed.UnmatchedTokens is [var stray, ..]) throw NotUnderstood(stray);
            if (_parsed.Errors is [var error, ..]) throw new UsageException($"{error.Message}; see dftp --help");
            foreach (var (definition, option) in _options)
            {
                if (_parsed.GetResult(option) is not { Implicit: false, Tokens: var tokens }) continue;
                values.AddUnlessGiven(definition, ValueSource.CommandLine, [.. tokens.Select(token => token.Value)]);
            }
        }

        private UsageException NotUnderstood(string argument)
        {
            if (!argument.StartsWith('-') || argument.Length == 1)
            {
                return new UsageException($"\"{argument}\": unexpected argument; the directory to serve is given by --dfsroot; see dftp --help");
            }

            var given = argument.Split('=')[0];
            return new UsageException($"{given}: unknown option{NearestName.Suggest(given.TrimStart('-'), _definitions, "--")}; see dftp --help");
        }
    }
}
