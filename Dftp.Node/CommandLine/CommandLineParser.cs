using System.Reflection;
using Dftp.Node.Commands;

namespace Dftp.Node.CommandLine;

/// <summary>The action that the command line requests.</summary>
internal abstract record CommandLineRequest
{
    /// <summary>Run a node until a signal stops it.</summary>
    internal sealed record RunNode(NodeOptions Options) : CommandLineRequest;

    /// <summary>Run a command against a running node.</summary>
    internal sealed record RunCommand(CommandDefinition Command, CommandRequest Request) : CommandLineRequest;

    /// <summary>Print a text and exit.</summary>
    internal sealed record Show(string Text) : CommandLineRequest;
}

/// <summary>The sources of options that are not on the command line.</summary>
/// <param name="Variable">Returns the value of an environment variable; null when it is not set. An empty value counts as set.</param>
/// <param name="HostName">The default name of a node.</param>
internal sealed record Surroundings(Func<string, string?> Variable, Func<string> HostName);

/// <summary>Parses arguments, environment and configuration file. The numbers in <see cref="Parse"/> are its steps.</summary>
internal static class CommandLineParser
{
    public static string Version { get; } =
        typeof(CommandLineParser).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    public static string VersionText => $"dftp {Version}\n";

    private static readonly OptionDefinition[] KnownOptions = [.. NodeOptionTable.All, .. CommandTable.Options];

    /// <exception cref="UsageException">
    /// The input is invalid. The message is one sentence that names the option and the reason.
    /// </exception>
    public static CommandLineRequest Parse(IReadOnlyList<string> arguments, Surroundings surroundings)
    {
        // 0. a shell asks how to complete a line
        if (Completion.IsAskedFor(arguments)) return new CommandLineRequest.Show(Completion.Answer(arguments));

        // 1. the first word that is neither an option nor its value may name a command; its options stand before or after it
        if (GoArguments.IndexOfFirstWord(arguments, KnownOptions) is >= 0 and var at
            && CommandTable.All.FirstOrDefault(command => command.Name == arguments[at]) is { } named)
            return CommandArguments.Parse(named, [.. arguments.Take(at), .. arguments.Skip(at + 1)], surroundings);

        // 2. help and version take precedence over everything else
        var command = new Arguments(NodeOptionTable.All, arguments);
        if (command.AsksForHelp) return new CommandLineRequest.Show(HelpText.Write(NodeOptionTable.Groups));
        if (command.AsksForVersion) return new CommandLineRequest.Show(VersionText);
        if (command.Stray is { } stray) throw NotUnderstood(stray);

        // 3. precedence: the command line, then the environment, then the file
        var values = ReadValues(NodeOptionTable.All, command, surroundings);

        // 4. parse the texts into values
        return new CommandLineRequest.RunNode(NodeOptionTable.Bind(values, surroundings.HostName));
    }

    /// <summary>Reads the values of a list of options. The file is read only if the list contains <c>--config</c>.</summary>
    public static OptionValues ReadValues(
        IReadOnlyList<OptionDefinition> options, IReadOnlyList<string> arguments, Surroundings surroundings) =>
        ReadValues(options, new Arguments(options, arguments), surroundings);

    /// <inheritdoc cref="ReadValues(IReadOnlyList{OptionDefinition}, IReadOnlyList{string}, Surroundings)"/>
    public static OptionValues ReadValues(IReadOnlyList<OptionDefinition> options, Arguments arguments, Surroundings surroundings)
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
            // A command shares the node's file, and ignores in it what is for the node alone.
            ConfigFile.AddTo(values, path, values.SourceOf(NodeOptionTable.Config), [.. options.Union(NodeOptionTable.All)]);
        }

        return values;
    }

    private static UsageException NotUnderstood(string argument)
    {
        if (CommandTable.Options.FirstOrDefault(option => option.Flag == $"--{argument.Split('=')[0].TrimStart('-')}") is { } ofCommands)
            return new UsageException($"{ofCommands.Flag}: goes with a command, such as dftp status {ofCommands.Flag}; see dftp --help");
        if (Arguments.IsOption(argument)) return Arguments.UnknownOption(argument, KnownOptions, "dftp --help");
        var meant = NearestName.Suggest(argument, CommandTable.All.Select(command => command.Name), "dftp ");
        return new UsageException(
            meant.Length > 0 ? $"\"{argument}\": unknown command{meant}; see dftp --help"
            : $"\"{argument}\": unexpected argument; the directory to serve is given by --dfsroot; see dftp --help");
    }
}
