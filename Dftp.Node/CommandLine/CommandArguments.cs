using Dftp.Node.Commands;

namespace Dftp.Node.CommandLine;

/// <summary>Parses the arguments of a command, without its name.</summary>
internal static class CommandArguments
{
    /// <exception cref="UsageException">The input is invalid. The message is one sentence that says what is wrong, and why.</exception>
    public static CommandLineRequest Parse(CommandDefinition command, IReadOnlyList<string> arguments, Surroundings surroundings)
    {
        var given = new Arguments(command.Options, arguments);
        if (given.AsksForHelp) return new CommandLineRequest.Show(HelpText.Write(command));
        if (given.AsksForVersion) return new CommandLineRequest.Show(CommandLineParser.VersionText);
        var help = $"dftp {command.Name} --help";
        if (given.UnknownOption() is { } unknown) throw Arguments.UnknownOption(unknown, command.Options, help);

        var operand = OperandOf(command, given.Others, help);
        var values = CommandLineParser.ReadValues(command.Options, given, surroundings);
        var json = command.Options.Contains(CommandTable.Json) && values.Get(CommandTable.Json);
        return new CommandLineRequest.RunCommand(command, new CommandRequest(values.Get(CommandTable.Node), json, operand)
        {
            ClusterName = values.Get(NodeOptionTable.ClusterName),
            SecretFile = NodeOptionTable.PathOf(values, NodeOptionTable.SecretFile),
            ClusterTls = values.Get(NodeOptionTable.ClusterTls),
        });
    }

    private static string OperandOf(CommandDefinition command, IReadOnlyList<string> others, string help)
    {
        var most = command.Operand is null ? 0 : 1;
        if (others.Count > most)
            throw new UsageException($"\"{others[most]}\": unexpected argument; usage: dftp {command.Usage}; see {help}");
        if (command.Operand is not { } operand || (others.Count == 0 && operand.IsOptional)) return "";
        if (others.Count == 0)
            throw new UsageException($"{command.Name}: needs {operand.Placeholder}, such as dftp {command.Name} {operand.Example}");
        try
        {
            operand.Check(others[0]);
            return others[0];
        }
        catch (FormatException problem)
        {
            throw new UsageException($"{command.Name}: {problem.Message}");
        }
    }
}
