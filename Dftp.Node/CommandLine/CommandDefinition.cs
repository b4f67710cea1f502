using Dftp.Node.Commands;

namespace Dftp.Node.CommandLine;

/// <summary>The definition of a command, from which the command-line parser and the help are built.</summary>
/// <param name="Name">The word after <c>dftp</c>.</param>
/// <param name="RunAsync">
/// Runs the command and returns the exit code. It throws <see cref="CommandException"/> for expected failures.
/// </param>
internal sealed record CommandDefinition(string Name, Func<CommandContext, CancellationToken, Task<int>> RunAsync)
{
    /// <summary>One line for the list of commands, without a full stop.</summary>
    public required string Summary { get; init; }

    /// <summary>The sentences of the command's help, which wraps them.</summary>
    public required string Help { get; init; }

    /// <summary>Example command lines, each with what it does.</summary>
    public required string Examples { get; init; }

    /// <summary>The argument that the command takes; null: none.</summary>
    public Operand? Operand { get; init; }

    public required IReadOnlyList<OptionDefinition> Options { get; init; }

    /// <summary>The name and the argument's placeholder.</summary>
    public string Usage => Operand switch
    {
        null => Name,
        { IsOptional: true } => $"{Name} [{Operand.Placeholder}]",
        _ => $"{Name} {Operand.Placeholder}",
    };
}

/// <summary>The argument of a command.</summary>
/// <param name="Placeholder">Its placeholder in the help.</param>
/// <param name="Example">A good one.</param>
/// <param name="Check">Throws <see cref="FormatException"/> with a sentence when a text is none.</param>
internal sealed record Operand(string Placeholder, string Example, Action<string> Check)
{
    public bool IsOptional { get; init; }
}
