using System.CommandLine;
using System.CommandLine.Completions;

namespace Dftp.Node.CommandLine;

/// <summary>
/// What a shell may complete a command line with, a line each: <c>dftp "[suggest:POSITION]" "LINE"</c>, the form of System.CommandLine.
/// <c>scripts/completion.bash</c> asks for it.
/// </summary>
internal static class Completion
{
    public static bool IsAskedFor(IReadOnlyList<string> arguments) =>
        arguments is [var first, _] && first.StartsWith("[suggest", StringComparison.Ordinal);

    public static string Answer(IReadOnlyList<string> arguments)
    {
        var root = new RootCommand();
        root.Directives.Clear();
        root.Directives.Add(new SuggestDirective());
        Add(root, NodeOptionTable.All);
        foreach (var definition in CommandTable.All)
        {
            var command = new Command(definition.Name, definition.Summary);
            Add(command, definition.Options);
            root.Subcommands.Add(command);
        }

        using var output = new StringWriter();
        root.Parse(arguments).Invoke(new InvocationConfiguration { Output = output, Error = output });
        return output.ToString();
    }

    private static void Add(Command command, IReadOnlyList<OptionDefinition> options)
    {
        foreach (var option in options)
        {
            command.Options.Add(option.IsSwitch ? new Option<bool>(option.Flag) : new Option<string>(option.Flag));
        }
    }
}
