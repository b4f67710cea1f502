using Dftp.Node.Commands;

namespace Dftp.Node.CommandLine;

/// <summary>What there is to know about a command: the command line and the help come from it.</summary>
/// <param name="Name">The word behind <c>dftp</c>.</param>
/// <param name="RunAsync">
/// Carries it out and returns the exit code; what is expected to go wrong is thrown as <see cref="CommandException"/>.
/// </param>
internal sealed record CommandDefinition(string Name, Func<CommandContext, CancellationToken, Task<int>> RunAsync)
{
    /// <summary>A line for the list of commands, without a full stop.</summary>
    public required string Summary { get; init; }

    /// <summary>The help's sentences about it; it wraps them.</summary>
    public required string Help { get; init; }

    /// <summary>Lines with examples and what they do.</summary>
    public required string Examples { get; init; }

    /// <summary>The argument that it takes; null: none.</summary>
    public Operand? Operand { get; init; }

    public required IReadOnlyList<OptionDefinition> Options { get; init; }

    /// <summary>The name and what the argument is called.</summary>
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
